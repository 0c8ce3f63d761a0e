/**
 * The audience of this node: sockets that share one topic of the engine. It owns the outlets, and knows which of them
 * left the topic because they read too slowly. It decides nothing about members.
 */
import type { Audience, OfferedEntry } from '../../ports/audience.js';
import type { Broadcaster, ClientSocket } from '../../ports/socket.js';
import { Outlet, type OutletDeps } from './outlet.js';

export interface TopicAudienceDeps extends OutletDeps {
  readonly broadcaster: Broadcaster;
}

/** Calls from the audience to its room. */
export interface AudienceOwner {
  /** Publishes what the room has gathered so far. */
  flush(): void;
  /** A volatile entry was dropped because the member is slow. */
  onDropped(index: number): void;
}

export class TopicAudience implements Audience {
  private readonly outlets = new Map<number, Outlet>();
  /** Outlets that left the topic, with their member's index. */
  private readonly slow = new Map<Outlet, number>();
  /** Bytes published since the sockets' buffers were last looked at. */
  private uncheckedBytes = 0;

  constructor(
    private readonly topic: string,
    private readonly owner: AudienceOwner,
    private readonly deps: TopicAudienceDeps,
  ) {}

  get hasSlow(): boolean {
    return this.slow.size > 0;
  }

  get slowCount(): number {
    return this.slow.size;
  }

  /** Bytes that wait for slow sockets, without what the sockets buffer. */
  backlogBytes(): number {
    let bytes = 0;
    for (const outlet of this.slow.keys()) bytes += outlet.backlogBytes;
    return bytes;
  }

  isSlow(index: number): boolean {
    const outlet = this.outlets.get(index);
    return outlet !== undefined && this.slow.has(outlet);
  }

  /** Makes the way out to a member's new socket. The older socket of that member, if any, must have left. */
  join(index: number, socket: ClientSocket): Outlet {
    const owner = {
      onBehind: (behind: Outlet) => {
        this.owner.flush();
        this.slow.set(behind, index);
      },
      onCaughtUp: (caughtUp: Outlet) => {
        this.owner.flush();
        this.slow.delete(caughtUp);
      },
      onDropped: () => {
        this.owner.onDropped(index);
      },
    };
    const outlet = new Outlet(socket, this.topic, owner, this.deps);
    this.outlets.set(index, outlet);
    return outlet;
  }

  /** From now on the member's outlet sends nothing but its close. Idempotent. */
  leave(index: number): void {
    const outlet = this.outlets.get(index);
    if (outlet === undefined) return;
    this.outlets.delete(index);
    this.slow.delete(outlet);
    outlet.letGo();
  }

  publish(frame: string | Uint8Array, except: number | null): void {
    const outlet = except === null ? undefined : this.outlets.get(except);
    this.deps.broadcaster.publish(this.topic, frame, outlet?.socket ?? null);
    this.uncheckedBytes += frame.length;
    if (this.uncheckedBytes < this.deps.outletBounds.softBytes / 2) return;
    this.uncheckedBytes = 0;
    // Check at the end of the turn: only then has the engine written what was published, and knows which sockets lag.
    this.deps.clock.endOfTurn(this.checkAll);
  }

  announce(text: string, except: number | null): void {
    for (const [outlet, index] of this.slow) {
      if (index !== except && outlet.hasBegun) outlet.send(text);
    }
    this.publish(text, except);
  }

  send(to: number, frame: string | Uint8Array): void {
    this.outlets.get(to)?.send(frame);
  }

  offer(entry: OfferedEntry, targets: Uint16Array | null): void {
    for (const [outlet, index] of this.slow) {
      if (index !== entry.sender && (targets === null || targets.includes(index))) outlet.offer(entry);
    }
  }

  /**
   * Sends more to slow sockets, or closes them. Called regularly, because the engine does not always report a drained
   * buffer.
   */
  checkSlow(): void {
    for (const outlet of this.slow.keys()) outlet.check();
  }

  private readonly checkAll = (): void => {
    for (const outlet of this.outlets.values()) outlet.check();
  };
}
