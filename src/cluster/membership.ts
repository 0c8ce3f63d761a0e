/**
 * This node's place in the cluster. It renews its lease every second and learns from the same call which other nodes
 * are alive, to decide where sessions can go. During a store outage it keeps its last view, and knows how long its own
 * lease certainly still holds.
 */
import { Failure } from '../protocol/failure.js';
import type { NodeId } from '../protocol/ids.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Log } from '../ports/log.js';
import type { NodeRecord, NodeReport, NodeStore } from '../ports/node-store.js';
import type { Placement } from '../ports/placement.js';
import type { Filter } from '../ports/relay-session.js';
import { fits } from './fit.js';

export const LEASE_MS = 3000;
const RENEW_EVERY_MS = 1000;
/** The node treats its lease as this much shorter: the answer took time, and clocks drift. */
const LEASE_MARGIN_MS = 250;

export interface MembershipDeps {
  readonly nodes: NodeStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly self: NodeId;
  /** The current report of this node, without its id and state. */
  readonly report: () => Omit<NodeReport, 'id' | 'state'>;
  /**
   * Runs when the lease is held again after a loss, or when the store has forgotten it. The node numbers and acks
   * nothing until it resolves.
   */
  readonly onLeaseRegained: () => Promise<void>;
}

export class Membership implements Placement {
  private known: readonly NodeRecord[] = [];
  private leaseUntilMs = -Infinity;
  /** The end of this node's lease by the store's clock; null: not known yet. */
  private storeLeaseUntilMs: number | null = null;
  /** The store's clock minus this node's monotonic clock. */
  private storeAheadMs: number | null = null;
  /** The start of the current unbroken time of holding the lease. */
  private steadySinceMs = Infinity;
  private isDraining = false;
  private isStopped = false;
  private timer: Timer | null = null;
  private beat: Promise<void> = Promise.resolve();

  constructor(private readonly deps: MembershipDeps) {}

  get self(): NodeId {
    return this.deps.self;
  }

  /**
   * Tries once before it resolves, so a node with a reachable store is ready at once; then repeats every second. Never
   * rejects.
   */
  async start(): Promise<void> {
    await this.renew();
  }

  /** Sends a heartbeat now that takes this node out of placement. */
  async drain(): Promise<void> {
    this.isDraining = true;
    this.timer?.cancel();
    await this.beat;
    await this.renew();
  }

  /** Ends the lease. Idempotent; never rejects. */
  async stop(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    this.timer?.cancel();
    await this.beat;
    this.leaseUntilMs = -Infinity;
    try {
      await this.deps.nodes.leave(this.deps.self);
    } catch (error) {
      if (!Failure.is(error, 'store_unavailable')) this.deps.log.error('node_leave_failed', error);
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
    // Count from before the call: the store's lease can only end later than this.
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
        // Another node may have claimed this node's sessions, or the store may have lost them: nothing may be numbered
        // before this is known.
        await this.deps.onLeaseRegained();
      }
      this.leaseUntilMs = startedMs + LEASE_MS - LEASE_MARGIN_MS;
    } catch (error) {
      if (!Failure.is(error, 'store_unavailable')) log.error('heartbeat_failed', error);
    }
  }

  /** This node's own record was just written, so it tells the store's time. */
  private hear(live: readonly NodeRecord[]): void {
    const { clock, self } = this.deps;
    const own = live.find(({ id }) => id === self);
    if (own === undefined) return;
    this.storeLeaseUntilMs = own.leaseUntilMs;
    this.storeAheadMs = own.leaseUntilMs - LEASE_MS - clock.monotonicMs();
  }
}
