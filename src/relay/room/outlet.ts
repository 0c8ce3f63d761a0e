/**
 * The way out to one socket. A socket that keeps up is in the room's topic, and the engine writes to it as to all
 * others. A socket whose buffer passes the soft bound leaves the topic and gets its own backlog until it has caught
 * up. Past the hard bound, or behind for too long, it is closed as a slow consumer and may resume.
 */
import type { CloseName } from '../../protocol/close-codes.js';
import type { OfferedEntry } from '../../ports/audience.js';
import type { Clock } from '../../ports/clock.js';
import type { Tallies } from '../../ports/metrics.js';
import type { ClientSocket } from '../../ports/socket.js';
import { Backlog } from './backlog.js';
import type { SlabPool } from './slab-pool.js';

export interface OutletBounds {
  /** With more bytes than this in the engine's buffer, the socket leaves the shared path. */
  readonly softBytes: number;
  /** With more bytes than this waiting in all, the socket is closed. */
  readonly hardBytes: number;
  /** How long the socket may stay behind. */
  readonly maxBehindMs: number;
}

/** Calls from an outlet to its room. */
export interface OutletOwner {
  /**
   * The outlet leaves the shared path. Before this returns, the room must publish everything it has accepted. After
   * that the room offers each entry to the outlet.
   */
  onBehind(outlet: Outlet): void;
  /**
   * The outlet returns to the shared path. Before this returns, the room must publish everything it has accepted,
   * because the outlet has those entries already.
   */
  onCaughtUp(outlet: Outlet): void;
  /** A volatile entry was dropped for this outlet. */
  onDropped(): void;
}

/** Shared by all outlets. */
export interface OutletDeps {
  readonly outletBounds: OutletBounds;
  readonly tallies: Tallies;
  readonly clock: Pick<Clock, 'monotonicMs' | 'endOfTurn'>;
  /** A slab is also the most bytes in one write to a socket that catches up. */
  readonly slabs: SlabPool;
}

/** Most bytes sent per turn to a socket that is catching up, so that the other sockets get their turn. */
const TURN_BYTES = 256 * 1024;

export class Outlet {
  private backlog: Backlog | null = null;
  private behindSinceMs = 0;
  private begun = false;
  private isFallingBehind = false;
  private dueBytes = 0;
  private isClosed = false;
  /** The outlet will be closed at the end of the turn, and keeps nothing any more. */
  private isGivenUp = false;
  private isPumpDue = false;

  constructor(
    readonly socket: ClientSocket,
    private readonly topic: string,
    private readonly owner: OutletOwner,
    private readonly deps: OutletDeps,
  ) {}

  /** Bytes that wait here for the socket; 0 while it keeps up. */
  get backlogBytes(): number {
    return this.backlog?.bytes ?? 0;
  }

  get hasBegun(): boolean {
    return this.begun;
  }

  /**
   * Everything sent so far (the welcome, the replay) is owed to the member, whatever its size: it does not count
   * against the hard bound until the socket has caught up. From now on the socket takes the shared path, unless it is
   * behind.
   */
  begin(): void {
    if (this.isClosed || this.isGivenUp) return;
    this.dueBytes = this.waitingBytes();
    this.begun = true;
    if (this.backlog === null) this.socket.subscribe(this.topic);
    else this.enforceBounds();
  }

  /** Sends a control frame or a batch to this socket alone, in order with everything else that it gets. */
  send(frame: string | Uint8Array): void {
    if (this.isClosed || this.isGivenUp) return;
    if (this.backlog !== null) {
      this.backlog.push(frame);
      this.enforceBounds();
      return;
    }
    if (!this.socket.send(frame)) this.check();
  }

  /** Offers an entry to a socket that is behind. */
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

  /** Pings the peer. */
  ping(): void {
    this.socket.ping();
  }

  /** Closes the socket through the engine, after everything that the engine already has. The backlog is dropped. */
  close(name: CloseName): void {
    if (this.isClosed) return;
    this.letGo();
    this.isClosed = true;
    this.socket.close(name);
  }

  /** The socket is lost, or about to be closed: the outlet keeps nothing more and sends nothing but the close. */
  letGo(): void {
    this.isGivenUp = true;
    this.backlog?.clear();
    this.backlog = null;
  }

  /** Checks whether the socket keeps up. Called when it may not. */
  check(): void {
    if (this.isClosed || this.isGivenUp) return;
    if (this.backlog !== null) {
      this.pump();
      this.enforceBounds();
    } else if (!this.isFallingBehind && this.socket.bufferedBytes() > this.deps.outletBounds.softBytes) {
      this.fallBehind();
    }
  }

  /** The engine's buffer has drained, so that more can be written; or a satellite reported how much waits there. */
  onDrain(): void {
    this.check();
  }

  private fallBehind(): void {
    this.isFallingBehind = true;
    this.owner.onBehind(this);
    this.isFallingBehind = false;
    this.socket.unsubscribe(this.topic);
    this.backlog = new Backlog(this.deps.slabs);
    this.behindSinceMs = this.deps.clock.monotonicMs();
    this.deps.tallies.fellBehind += 1;
    this.enforceBounds();
  }

  /**
   * Writes what fits. With an empty backlog and little in the engine's buffer, the socket returns to the shared path.
   */
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
    if (!this.begun) return;
    this.socket.subscribe(this.topic);
  }

  /** The engine has written everything and so will not call `onDrain`. */
  private pumpNextTurn(): void {
    if (this.isPumpDue) return;
    this.isPumpDue = true;
    this.deps.clock.endOfTurn(() => {
      this.isPumpDue = false;
      this.onDrain();
    });
  }

  private waitingBytes(): number {
    return this.backlogBytes + this.socket.bufferedBytes();
  }

  private enforceBounds(): void {
    if (this.backlog === null || !this.begun) return;
    const { hardBytes, maxBehindMs } = this.deps.outletBounds;
    if (
      this.waitingBytes() <= hardBytes + this.dueBytes &&
      this.deps.clock.monotonicMs() - this.behindSinceMs <= maxBehindMs
    )
      return;
    // Close at the end of the turn: closing tells the others, which may push the next slow socket over its bound, and
    // so on.
    this.letGo();
    this.deps.clock.endOfTurn(() => {
      this.close('slow_consumer');
    });
  }
}
