/**
 * The way out to one socket. A socket that reads takes the shared path: it is in the room's topic and is written by
 * the engine with everybody else. One whose buffer passes the soft bound leaves the topic and gets a backlog of its own
 * until it has caught up; past the hard bound, or behind for too long, it is closed as slow and may resume.
 */
import type { CloseName } from '../../protocol/close-codes.js';
import type { OfferedEntry } from '../../ports/audience.js';
import type { Clock } from '../../ports/clock.js';
import type { Tallies } from '../../ports/metrics.js';
import type { ClientSocket } from '../../ports/socket.js';
import { Backlog } from './backlog.js';
import type { SlabPool } from './slab-pool.js';

export interface OutletBounds {
  /** More than this waits in the engine: the socket leaves the shared path. */
  readonly softBytes: number;
  /** More than this waits for the socket in all: it is closed. */
  readonly hardBytes: number;
  /** How long it may stay behind. */
  readonly maxBehindMs: number;
}

/** What an outlet tells its room. */
export interface OutletOwner {
  /**
   * It leaves the shared path. What the room has accepted so far must have been published when this returns; entries
   * are offered to the outlet one by one from then on.
   */
  onBehind(outlet: Outlet): void;
  /**
   * It is about to come back. What the room has accepted so far must be on its way to the others when this returns,
   * since the outlet has had it.
   */
  onCaughtUp(outlet: Outlet): void;
  /** A volatile entry was not kept for it. */
  onDropped(): void;
}

/** What outlets share. */
export interface OutletDeps {
  readonly outletBounds: OutletBounds;
  readonly tallies: Tallies;
  readonly clock: Pick<Clock, 'monotonicMs' | 'endOfTurn'>;
  /** Its slabs are also as large as one write to a socket that catches up. */
  readonly slabs: SlabPool;
}

/** Most bytes sent per turn of the event loop to a socket that is catching up: the others get theirs in between. */
const TURN_BYTES = 256 * 1024;

export class Outlet {
  private backlog: Backlog | null = null;
  private behindSinceMs = 0;
  private hasBegun = false;
  private dueBytes = 0;
  private isClosed = false;
  /** It will be closed at the end of the turn: nothing is kept for it any more. */
  private isGivenUp = false;
  private isPumpDue = false;

  constructor(
    private readonly socket: ClientSocket,
    private readonly topic: string,
    private readonly owner: OutletOwner,
    private readonly deps: OutletDeps,
  ) {}

  /**
   * What was sent so far is the member's due (its welcome, what it missed), however much that is: it comes on top of
   * the hard bound until the socket has caught up. From here on the socket takes the shared path, unless it is behind.
   */
  begin(): void {
    this.dueBytes = this.waitingBytes();
    this.hasBegun = true;
    if (this.backlog === null) this.socket.subscribe(this.topic);
    else this.enforceBounds();
  }

  /** A control frame or a batch for this socket alone, in order with everything else it gets. */
  send(frame: string | Uint8Array): void {
    if (this.isClosed || this.isGivenUp) return;
    if (this.backlog !== null) {
      this.backlog.push(frame);
      this.enforceBounds();
      return;
    }
    if (!this.socket.send(frame)) this.check();
  }

  /** An entry for a socket that is behind. */
  offer(entry: OfferedEntry): void {
    if (this.isClosed || this.isGivenUp || this.backlog === null) return;
    switch (this.backlog.offer(entry)) {
      case 'dropped':
        this.owner.onDropped();
        this.deps.tallies.volatileDropped += 1;
        return;
      case 'replaced':
        this.deps.tallies.latestConflated += 1;
        this.enforceBounds();
        return;
      case 'kept':
        this.enforceBounds();
    }
  }

  /** To everybody in the topic but this socket. */
  publishToOthers(frame: string | Uint8Array): void {
    this.socket.publishToOthers(this.topic, frame);
  }

  /** Asks the peer for a sign of life. */
  ping(): void {
    this.socket.ping();
  }

  /** What waits last, close codes included, goes through the engine: a backlog is given up. */
  close(name: CloseName): void {
    if (this.isClosed) return;
    this.letGo();
    this.isClosed = true;
    this.socket.close(name);
  }

  /** Nothing is kept for it any more, and it gets nothing but its close: for when its socket is lost, or on its way out. */
  letGo(): void {
    this.isGivenUp = true;
    this.backlog?.clear();
    this.backlog = null;
  }

  /** Whether it is still keeping up; called when it may not be. */
  check(): void {
    if (this.isClosed || this.isGivenUp) return;
    if (this.backlog !== null) {
      this.pump();
      this.enforceBounds();
    } else if (this.socket.bufferedBytes() > this.deps.outletBounds.softBytes) {
      this.fallBehind();
    }
  }

  /** The engine could write: there is room for more. */
  onDrain(): void {
    if (!this.isClosed && !this.isGivenUp && this.backlog !== null) this.pump();
  }

  private fallBehind(): void {
    this.owner.onBehind(this);
    this.socket.unsubscribe(this.topic);
    this.backlog = new Backlog(this.deps.slabs);
    this.behindSinceMs = this.deps.clock.monotonicMs();
    this.deps.tallies.fellBehind += 1;
    this.enforceBounds();
  }

  /** Hands on what fits; with nothing left to hand on, and little in the engine, the shared path is taken again. */
  private pump(): void {
    const { softBytes } = this.deps.outletBounds;
    let left = TURN_BYTES;
    while (this.backlog !== null && left > 0 && this.socket.bufferedBytes() < softBytes) {
      const frame = this.backlog.take();
      if (frame === null) break;
      this.socket.send(frame);
      left -= frame.length;
    }
    if (left <= 0) this.pumpNextTurn();
    if (this.backlog?.isEmpty !== true || this.socket.bufferedBytes() > softBytes / 2) return;
    this.owner.onCaughtUp(this);
    this.backlog.clear();
    this.backlog = null;
    this.dueBytes = 0;
    if (!this.hasBegun) return;
    this.socket.subscribe(this.topic);
  }

  /** The engine will not say that there is room: it has written everything. */
  private pumpNextTurn(): void {
    if (this.isPumpDue) return;
    this.isPumpDue = true;
    this.deps.clock.endOfTurn(() => {
      this.isPumpDue = false;
      this.onDrain();
    });
  }

  private waitingBytes(): number {
    return (this.backlog?.bytes ?? 0) + this.socket.bufferedBytes();
  }

  private enforceBounds(): void {
    if (this.backlog === null || !this.hasBegun) return;
    const { hardBytes, maxBehindMs } = this.deps.outletBounds;
    if (
      this.waitingBytes() <= hardBytes + this.dueBytes &&
      this.deps.clock.monotonicMs() - this.behindSinceMs <= maxBehindMs
    )
      return;
    // Not now: closing tells the others, which may push the next slow socket over its bound, and so on.
    this.letGo();
    this.deps.clock.endOfTurn(() => {
      this.close('slow_consumer');
    });
  }
}
