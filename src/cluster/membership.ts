/**
 * This node's place in the cluster. It renews its lease five times in the lease's length, and learns from the same
 * call which other nodes are alive, to decide where sessions can go. During a store outage it keeps its last view, and
 * knows how long its own lease certainly still holds.
 */
import { Failure } from '../protocol/failure.js';
import type { NodeId } from '../protocol/ids.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { EventLog } from '../ports/event-log.js';
import type { Log } from '../ports/log.js';
import type { Tallies } from '../ports/metrics.js';
import type { NodeRecord, NodeReport, NodeStore } from '../ports/node-store.js';
import type { Placement } from '../ports/placement.js';
import type { Filter } from '../ports/relay-session.js';
import { fits } from './fit.js';
import { Lease } from './lease.js';
import { NodeNews } from './node-news.js';

/** A store that expires leases by a clock of whole milliseconds needs this much more time to show that one is over. */
const LEASE_END_SLACK_MS = 2;

export interface MembershipDeps {
  readonly nodes: NodeStore;
  readonly events: Pick<EventLog, 'append'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly tallies: Pick<Tallies, 'leaseGaps'>;
  readonly self: NodeId;
  readonly leaseMs: number;
  /** No node of the cluster has a longer lease. */
  readonly longestLeaseMs: number;
  /** The current report of this node, without its id and state. */
  readonly report: () => Omit<NodeReport, 'id' | 'state'>;
  /** Whether this node hears the other one on the bus. */
  readonly hears: (id: NodeId) => boolean;
  /**
   * Runs when the lease is held again after a loss, or when the store has forgotten it. The node numbers and acks
   * nothing until it resolves. The lease is renewed meanwhile.
   */
  readonly onLeaseRegained: () => Promise<void>;
}

export class Membership implements Placement {
  private readonly lease: Lease;
  private readonly news: NodeNews;
  private hasJoined = false;
  private known: readonly NodeRecord[] = [];
  /** The store's clock minus this node's monotonic clock. */
  private storeAheadMs: number | null = null;
  private isDraining = false;
  private isStopped = false;
  private timer: Timer | null = null;
  private running: Promise<void> | null = null;
  /** A heartbeat that begins when the running one has ended. */
  private next: Promise<void> | null = null;
  private comparison: Promise<void> | null = null;
  /** Whether the store answered the last heartbeat. */
  private isAnswered = false;
  private readonly waits = new Map<NodeId, Promise<boolean>>();

  constructor(private readonly deps: MembershipDeps) {
    this.lease = new Lease(deps.leaseMs, deps.longestLeaseMs, deps.clock);
    this.news = new NodeNews(deps.events, deps.log);
  }

  get self(): NodeId {
    return this.deps.self;
  }

  /**
   * Tries once before it resolves, so a node with a reachable store is ready at once; then repeats. Never rejects.
   */
  async start(): Promise<void> {
    await this.renew();
    await this.comparison;
  }

  /** Sends a heartbeat now that takes this node out of placement. */
  async drain(): Promise<void> {
    this.isDraining = true;
    await this.heartbeat();
  }

  /** The drain is over: writes the event `node.drained`, at the latest before `stop` resolves. */
  noteDrained(): void {
    this.news.add({ type: 'node.drained', nodeId: this.deps.self });
    this.news.writeSoon();
  }

  /** Ends the lease. Idempotent; never rejects. */
  async stop(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    this.timer?.cancel();
    await (this.next ?? this.running);
    this.lease.end();
    await this.news.write();
    try {
      await this.deps.nodes.leave(this.deps.self);
    } catch (error) {
      if (!Failure.is(error, 'store_unavailable')) this.deps.log.error('node_leave_failed', error);
    }
  }

  choose(filters: readonly Filter[], except?: ReadonlySet<NodeId>): NodeRecord | null {
    const fitting = this.nodes().filter(
      ({ id, state, labels }) => state === 'ready' && except?.has(id) !== true && fits(labels, filters),
    );
    const byLoad = fitting.sort((a, b) => a.connections - b.connections || a.sessions - b.sessions);
    return byLoad[0] ?? null;
  }

  find(id: NodeId): NodeRecord | null {
    return this.known.find((node) => node.id === id) ?? null;
  }

  reach(id: NodeId): NodeRecord | null {
    return id === this.self || this.deps.hears(id) ? this.find(id) : null;
  }

  nodes(): readonly NodeRecord[] {
    return [...this.known];
  }

  /** A node alone holds its lease as long as it runs: no other node can claim its sessions while it is blocked. */
  leaseHeld(): boolean {
    return this.deps.nodes.isShared ? this.lease.isHeld : !this.isStopped;
  }

  storeNowMs(): number {
    const { clock } = this.deps;
    return this.storeAheadMs === null ? clock.nowMs() : clock.monotonicMs() + this.storeAheadMs;
  }

  draining(): boolean {
    return this.isDraining;
  }

  isGone(id: NodeId): Promise<boolean> {
    if (this.reach(id) !== null) return Promise.resolve(false);
    const waiting = this.waits.get(id);
    if (waiting !== undefined) return waiting;
    const wait = this.waitForEnd(id).finally(() => this.waits.delete(id));
    this.waits.set(id, wait);
    return wait;
  }

  /** The node list may be a heartbeat old, which is too old to call a node dead: this reads it afresh. */
  private async waitForEnd(id: NodeId): Promise<boolean> {
    await this.heartbeat();
    const before = this.find(id)?.leaseUntilMs ?? 0;
    for (let node = this.find(id); node !== null; node = this.find(id)) {
      const leftMs = node.leaseUntilMs - this.storeNowMs();
      // Renewed, though it is not heard: only the bus is in trouble.
      if (node.leaseUntilMs > before) return false;
      if (!this.isAnswered || this.isStopped) return false;
      await this.pause(Math.min(Math.max(0, leftMs) + LEASE_END_SLACK_MS, this.lease.renewEveryMs));
      await this.heartbeat();
    }
    return this.isAnswered && this.lease.isSteady;
  }

  private async renew(): Promise<void> {
    const { clock, log } = this.deps;
    const startedMs = clock.monotonicMs();
    await this.heartbeat();
    if (this.isStopped) return;
    const waitMs = Math.max(0, startedMs + this.lease.renewEveryMs - clock.monotonicMs());
    this.timer = clock.after(waitMs, () => {
      this.renew().catch((error: unknown) => {
        log.error('heartbeat_failed', error);
      });
    });
  }

  /** Sends a heartbeat that begins now or later. Callers share the next one, so that a crowd of them costs one call. */
  private heartbeat(): Promise<void> {
    if (this.next !== null) return this.next;
    const { running } = this;
    if (running === null) return this.run();
    this.next = running.then(() => {
      this.next = null;
      return this.run();
    });
    return this.next;
  }

  private run(): Promise<void> {
    this.running = this.send().finally(() => {
      this.running = null;
    });
    return this.running;
  }

  private async send(): Promise<void> {
    if (this.isStopped) return;
    const { nodes, clock, log, tallies, self, report } = this.deps;
    const { lease } = this;
    // Count from before the call: the store's lease can only end later than this.
    const startedMs = clock.monotonicMs();
    const isFirst = lease.gap === 0;
    try {
      const state = this.isDraining ? 'draining' : 'ready';
      const { live, leaseBeforeMs, lost } = await nodes.heartbeat({ id: self, state, ...report() }, lease.lengthMs);
      this.known = live;
      this.isAnswered = true;
      const withoutMs = lease.renewed(startedMs, leaseBeforeMs, this.hear(live));
      if (withoutMs !== null && !isFirst && nodes.isShared) {
        tallies.leaseGaps += 1;
        log.warn('lease_gap', { without_ms: Math.round(withoutMs) });
      }
      if (!lease.isCertain) this.compare();
      this.tell(leaseBeforeMs === null, lost);
    } catch (error) {
      this.isAnswered = false;
      if (!Failure.is(error, 'store_unavailable')) log.error('heartbeat_failed', error);
    }
  }

  /** A node that the store does not know joins, again also when another node has called it lost. */
  private tell(isUnknown: boolean, lost: readonly NodeId[]): void {
    if (isUnknown || !this.hasJoined) this.news.add({ type: 'node.joined', nodeId: this.deps.self });
    this.hasJoined = true;
    for (const nodeId of lost) this.news.add({ type: 'node.lost', nodeId });
    this.news.writeSoon();
  }

  /**
   * Another node may have claimed this node's sessions, or the store may have lost them: nothing may be numbered before
   * this is known. The next heartbeat begins again what failed.
   */
  private compare(): void {
    this.comparison ??= this.compareAll()
      .catch((error: unknown) => {
        if (!Failure.is(error, 'store_unavailable')) this.deps.log.error('lease_comparison_failed', error);
      })
      .finally(() => {
        this.comparison = null;
      });
  }

  private async compareAll(): Promise<void> {
    for (;;) {
      const { gap } = this.lease;
      await this.deps.onLeaseRegained();
      if (this.lease.compared(gap)) return;
    }
  }

  /** This node's own record was just written, so it tells the store's time. Returns the end of the lease by it. */
  private hear(live: readonly NodeRecord[]): number | null {
    const { clock, self } = this.deps;
    const own = live.find(({ id }) => id === self);
    if (own === undefined) return null;
    this.storeAheadMs = own.leaseUntilMs - this.lease.lengthMs - clock.monotonicMs();
    return own.leaseUntilMs;
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.deps.clock.after(ms, resolve);
    });
  }
}
