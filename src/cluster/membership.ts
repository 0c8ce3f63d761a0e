/**
 * This node among the others: it renews its lease each second, learns who else is alive from the same call, and
 * from that answers where sessions can go. While the store is away it knows what it last heard, and for how long
 * its own lease surely still holds.
 */
import { Failure } from '../protocol/failure.js';
import type { NodeId } from '../protocol/ids.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Log } from '../ports/log.js';
import type { NodeRecord, NodeReport, NodeStore } from '../ports/node-store.js';
import type { Placement } from '../ports/placement.js';
import type { Filter } from '../ports/relay-store.js';
import { fits } from './fit.js';

export const LEASE_MS = 3000;
const RENEW_EVERY_MS = 1000;
/** The lease is trusted this much shorter than it was asked for: the answer took a while, and clocks drift. */
const LEASE_MARGIN_MS = 250;

export interface MembershipDeps {
  readonly nodes: NodeStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly self: NodeId;
  /** What this node says of itself now; the state is added here. */
  readonly report: () => Omit<NodeReport, 'id' | 'state'>;
  /**
   * Runs when the lease is held again after a time without, or when the store has lost it: nothing is numbered or acked
   * before that is done.
   */
  readonly onLeaseRegained: () => Promise<void>;
}

export class Membership implements Placement {
  private known: readonly NodeRecord[] = [];
  private leaseUntilMs = -Infinity;
  /** The same by the store's clock; null: it has not said. */
  private storeLeaseUntilMs: number | null = null;
  /** How far the store's clock is ahead of this node's monotonic one. */
  private storeAheadMs: number | null = null;
  /** Since when the lease was held without a break. */
  private steadySinceMs = Infinity;
  private isDraining = false;
  private isStopped = false;
  private timer: Timer | null = null;
  private beat: Promise<void> = Promise.resolve();

  constructor(private readonly deps: MembershipDeps) {}

  get self(): NodeId {
    return this.deps.self;
  }

  /** Tries once, so that a node whose store is there is ready at once; then goes on each second. Never rejects. */
  async start(): Promise<void> {
    await this.renew();
  }

  /** Out of placement from the next heartbeat on, which is sent now. */
  async drain(): Promise<void> {
    this.isDraining = true;
    this.timer?.cancel();
    await this.beat;
    await this.renew();
  }

  /** Gives the lease up. Idempotent; never rejects. */
  async stop(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    this.timer?.cancel();
    await this.beat;
    this.leaseUntilMs = -Infinity;
    try {
      await this.deps.nodes.leave(this.deps.self);
    } catch (error) {
      if (!Failure.isStoreAway(error)) this.deps.log.error('node_leave_failed', error);
    }
  }

  choose(filters: readonly Filter[]): NodeRecord | null {
    const fitting = this.nodes().filter((node) => node.state === 'ready' && fits(node.labels, filters));
    const byLoad = fitting.sort((a, b) => a.connections - b.connections || a.sessions - b.sessions);
    return byLoad[0] ?? null;
  }

  find(id: NodeId): NodeRecord | null {
    return this.nodes().find((node) => node.id === id) ?? null;
  }

  nodes(): readonly NodeRecord[] {
    return [...this.known];
  }

  leaseHeld(): boolean {
    return this.deps.clock.monotonicMs() < this.leaseUntilMs;
  }

  storeNowMs(): number {
    const { clock } = this.deps;
    return this.storeAheadMs === null ? clock.nowMs() : clock.monotonicMs() + this.storeAheadMs;
  }

  draining(): boolean {
    return this.isDraining;
  }

  async refresh(): Promise<{ readonly isReliable: boolean }> {
    await this.beat;
    await this.heartbeat();
    return { isReliable: this.leaseHeld() && this.deps.clock.monotonicMs() - this.steadySinceMs >= LEASE_MS };
  }

  private renew(): Promise<void> {
    this.beat = this.renewOnce();
    return this.beat;
  }

  private async renewOnce(): Promise<void> {
    if (!this.isStopped) await this.heartbeat();
    if (this.isStopped) return;
    this.timer?.cancel();
    this.timer = this.deps.clock.after(RENEW_EVERY_MS, () => {
      this.renew().catch((error: unknown) => {
        this.deps.log.error('heartbeat_failed', error);
      });
    });
  }

  private async heartbeat(): Promise<void> {
    const { nodes, clock, log, self, report } = this.deps;
    // Counted from before the call: the store's lease can only end later than this.
    const startedMs = clock.monotonicMs();
    try {
      const state = this.isDraining ? 'draining' : 'ready';
      const { live, leaseBeforeMs } = await nodes.heartbeat({ id: self, state, ...report() }, LEASE_MS);
      this.known = live;
      const hasLost = this.storeLeaseUntilMs !== null && (leaseBeforeMs ?? 0) < this.storeLeaseUntilMs;
      this.hear(live);
      if (hasLost || clock.monotonicMs() >= this.leaseUntilMs) {
        this.leaseUntilMs = -Infinity;
        this.steadySinceMs = startedMs;
        // Another node may have claimed what was ours, or the store may have lost it: nothing is numbered before that is known.
        await this.deps.onLeaseRegained();
      }
      this.leaseUntilMs = startedMs + LEASE_MS - LEASE_MARGIN_MS;
    } catch (error) {
      if (!Failure.isStoreAway(error)) log.error('heartbeat_failed', error);
    }
  }

  /** This node's own record, which was just written, says what time it is by the store. */
  private hear(live: readonly NodeRecord[]): void {
    const { clock, self } = this.deps;
    const own = live.find(({ id }) => id === self);
    if (own === undefined) return;
    this.storeLeaseUntilMs = own.leaseUntilMs;
    this.storeAheadMs = own.leaseUntilMs - LEASE_MS - clock.monotonicMs();
  }
}
