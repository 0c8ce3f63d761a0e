/**
 * Claims the sessions of dead nodes that no client has come back to: their members' windows run out at the new home, and
 * their seats are given back. A node that was only blocked for a moment finds its sessions as it left them, so this
 * waits a while after the end of the lease.
 */
import { Failure } from '../../protocol/failure.js';
import type { NodeId, SessionId } from '../../protocol/ids.js';
import type { Clock, Timer } from '../../ports/clock.js';
import type { Log } from '../../ports/log.js';
import type { Placement } from '../../ports/placement.js';
import type { RoomIndex } from '../../ports/room-index.js';
import type { Rooms } from './rooms.js';

const LOOK_EVERY_MS = 100;
/**
 * A node's sessions are claimed this long after its lease. An event loop that is blocked for three seconds begins to run
 * again before that, and a frozen node's sessions have a home two seconds after its lease.
 */
const AFTER_LEASE_MS = 1_900;
/** How often the store is asked for nodes that died before this node knew them, or while nobody looked. */
const ASK_EVERY_MS = 10_000;
/** Sessions that are claimed at once: each costs two calls of the store. */
const AT_ONCE = 50;

export interface OrphansDeps {
  readonly index: Pick<RoomIndex, 'homes' | 'claim' | 'remove'>;
  readonly rooms: Pick<Rooms, 'open' | 'release'>;
  readonly placement: Pick<Placement, 'self' | 'nodes' | 'isGone' | 'draining' | 'leaseHeld' | 'storeNowMs'>;
  readonly clock: Clock;
  readonly log: Log;
}

export class Orphans {
  /** For each node but this one: when its lease ends or ended, by the store's clock. */
  private readonly leases = new Map<NodeId, number>();
  private readonly sweeping = new Set<NodeId>();
  private askedAtMs = -Infinity;
  private timer: Timer | null = null;
  private isStopped = false;

  constructor(private readonly deps: OrphansDeps) {}

  /** Nodes that are dead, as far as this node knows, and whose sessions may not have a home yet. */
  get deadHomes(): number {
    const nowMs = this.deps.placement.storeNowMs();
    return [...this.leases.values()].filter((untilMs) => untilMs < nowMs).length;
  }

  start(): void {
    this.timer = this.deps.clock.after(this.nextLookInMs(), () => {
      if (this.isStopped) return;
      this.look();
      this.start();
    });
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  private look(): void {
    const { placement, clock } = this.deps;
    if (placement.draining() || !placement.leaseHeld()) return;
    for (const { id, leaseUntilMs } of placement.nodes()) if (id !== placement.self) this.leases.set(id, leaseUntilMs);
    const storeNowMs = placement.storeNowMs();
    for (const [id, untilMs] of this.leases) {
      if (storeNowMs - untilMs >= AFTER_LEASE_MS && !this.sweeping.has(id)) this.begin(id);
    }
    if (clock.monotonicMs() - this.askedAtMs < ASK_EVERY_MS) return;
    this.askedAtMs = clock.monotonicMs();
    this.ask().catch((error: unknown) => this.report(error));
  }

  /** Earlier than usual when a dead node's time comes. */
  private nextLookInMs(): number {
    const nowMs = this.deps.placement.storeNowMs();
    const waits = [...this.leases.values()].map((untilMs) => untilMs + AFTER_LEASE_MS - nowMs);
    return Math.min(LOOK_EVERY_MS, ...waits.filter((waitMs) => waitMs > 0));
  }

  private async ask(): Promise<void> {
    const { index, placement } = this.deps;
    const nowMs = placement.storeNowMs();
    for (const id of await index.homes()) {
      if (id !== placement.self && !this.leases.has(id)) this.leases.set(id, nowMs);
    }
  }

  private begin(home: NodeId): void {
    this.sweeping.add(home);
    this.sweep(home)
      .catch((error: unknown) => this.report(error))
      .finally(() => this.sweeping.delete(home));
  }

  private async sweep(home: NodeId): Promise<void> {
    const { index, placement, log } = this.deps;
    if (!(await placement.isGone(home))) return;
    let claimed = 0;
    for (;;) {
      const ids = await index.claim(home, AT_ONCE);
      if (ids.length === 0) break;
      const outcomes = await Promise.all(ids.map((id) => this.adopt(id)));
      const settled = ids.filter((_, at) => outcomes[at] !== 'failed');
      claimed += outcomes.filter((outcome) => outcome === 'open').length;
      if (settled.length > 0) await index.remove(home, settled);
    }
    // Removes the node if it has no room left. Rooms that another node has claimed stay with that node; if it fails, the
    // next question to the store finds them.
    await index.remove(home, []);
    this.leases.delete(home);
    log.info('dead_home_swept', { home, sessions: claimed });
  }

  /** Opening the room claims the session. Without members the room is let go at once. */
  private async adopt(id: SessionId): Promise<'open' | 'elsewhere' | 'failed'> {
    const { rooms } = this.deps;
    try {
      rooms.release(await rooms.open(id));
      return 'open';
    } catch (error) {
      if (Failure.is(error, 'store_unavailable')) return 'failed';
      // Over, or claimed by another node.
      if (error instanceof Failure && error.code !== 'internal') return 'elsewhere';
      this.report(error);
      return 'failed';
    }
  }

  private report(error: unknown): void {
    if (!Failure.is(error, 'store_unavailable')) this.deps.log.error('orphans_failed', error);
  }
}
