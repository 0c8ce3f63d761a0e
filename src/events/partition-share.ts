/**
 * The partitions of the feed that this node owns: its share among the live nodes, by rendezvous hashing. A node that
 * comes takes its share from the others, which give it up; a dead node's share is free when its lease ends.
 */
import { rendezvous } from '../lib/rendezvous.js';
import { Failure } from '../protocol/failure.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { EventFeed, FeedHold } from '../ports/event-feed.js';
import type { Log } from '../ports/log.js';
import type { Placement } from '../ports/placement.js';

/** How long a partition waits for a node that died. */
const LEASE_MS = 2_000;
const RENEW_EVERY_MS = 500;
/** A hold is trusted for this much less than its lease, for the way to the store and back. */
const LEASE_SLACK_MS = 250;

export interface PartitionShareDeps {
  readonly feed: Pick<EventFeed, 'partitions' | 'claim' | 'release'>;
  readonly placement: Pick<Placement, 'self' | 'nodes' | 'draining'>;
  readonly clock: Clock;
  readonly log: Log;
  /** This node owns the partition from now on. */
  readonly onTaken: (hold: FeedHold) => void;
  /** This node does not own the partition any more. Resolves when no work on it is under way here. */
  readonly onLost: (hold: FeedHold) => Promise<void>;
}

interface Held {
  readonly hold: FeedHold;
  trustedUntilMs: number;
}

export class PartitionShare {
  private readonly held = new Map<number, Held>();
  private timer: Timer | null = null;
  private round: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(private readonly deps: PartitionShareDeps) {}

  /** Takes what is free of this node's share, once before it resolves. Never rejects. */
  async start(): Promise<void> {
    await this.renew();
  }

  /** Gives everything up. Idempotent; never rejects. */
  async stop(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    this.timer?.cancel();
    await this.round;
    await Promise.all([...this.held.keys()].map((partition) => this.giveUp(partition)));
  }

  /** null: this node does not certainly own the partition now. */
  holdOf(partition: number): FeedHold | null {
    const held = this.held.get(partition);
    return held !== undefined && this.deps.clock.monotonicMs() < held.trustedUntilMs ? held.hold : null;
  }

  holds(): readonly FeedHold[] {
    return [...this.held.keys()].flatMap((partition) => this.holdOf(partition) ?? []);
  }

  private async renew(): Promise<void> {
    this.round = this.look();
    await this.round;
    if (this.isStopped) return;
    this.timer = this.deps.clock.after(RENEW_EVERY_MS, () => {
      this.renew().catch((error: unknown) => {
        this.deps.log.error('event_partitions_failed', error);
      });
    });
  }

  private async look(): Promise<void> {
    const { feed, placement } = this.deps;
    // Asked once a round: each partition is then given to somebody.
    const nodes = placement.nodes();
    const ready = nodes.filter(
      ({ id, state }) => state === 'ready' && !(id === placement.self && placement.draining()),
    );
    // The last nodes carry on while they drain: REST still changes state.
    const candidates = (ready.length > 0 ? ready : nodes).map(({ id }) => id);
    const all = Array.from({ length: feed.partitions }, (_none, partition) => partition);
    await Promise.all(
      all.map((partition) =>
        rendezvous(String(partition), candidates) === placement.self ? this.claim(partition) : this.giveUp(partition),
      ),
    );
  }

  private async claim(partition: number): Promise<void> {
    const { feed, placement, clock, log, onTaken } = this.deps;
    const startedMs = clock.monotonicMs();
    try {
      const hold = await feed.claim(partition, placement.self, LEASE_MS);
      const before = this.held.get(partition);
      if (before !== undefined && before.hold.epoch !== hold?.epoch) await this.lose(before.hold);
      if (hold === null || this.isStopped) return;
      const isNew = !this.held.has(partition);
      this.held.set(partition, { hold, trustedUntilMs: startedMs + LEASE_MS - LEASE_SLACK_MS });
      if (isNew) onTaken(hold);
    } catch (error) {
      if (!Failure.is(error, 'store_unavailable')) log.error('event_partition_claim_failed', error, { partition });
    }
  }

  private async giveUp(partition: number): Promise<void> {
    const held = this.held.get(partition);
    if (held === undefined) return;
    await this.lose(held.hold);
    // Without this call the next owner waits for the end of the lease.
    await this.deps.feed.release(held.hold).catch(() => undefined);
  }

  private async lose(hold: FeedHold): Promise<void> {
    this.held.delete(hold.partition);
    await this.deps.onLost(hold);
  }
}
