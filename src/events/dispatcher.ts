/**
 * The dispatcher carries events on from the feed: it publishes them to the logs of projects and of the deployment, lets
 * the webhooks plan their deliveries, and removes them. It does so for the partitions that this node owns. The node that
 * writes an event tells the owner; an owner also looks by itself, for events whose writer died before it told.
 */
import { number, object, listOf } from '../lib/shape.js';
import { Failure } from '../protocol/failure.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { EventFeed, FeedEntry, FeedHold } from '../ports/event-feed.js';
import type { Log } from '../ports/log.js';
import type { Tallies } from '../ports/metrics.js';
import { callKind, type NodeCalls } from '../ports/node-calls.js';
import type { Placement } from '../ports/placement.js';
import { PartitionShare } from './partition-share.js';

/** Another node has written events to these partitions. */
const WRITTEN = callKind('events.written', object({ partitions: listOf(number) }), number);

/** The events of so many milliseconds are told in one message. */
const TELL_AFTER_MS = 5;
/**
 * The events of so many milliseconds are carried on together. Each step costs a call of the store, however many
 * partitions and events it is about: 3,000 creates a second cost twice as much without this.
 */
const GATHER_MS = 10;
/** How often an owner looks by itself. */
const LOOK_EVERY_MS = 1_000;
/** The most entries of a partition in one step: a session event holds the whole session, so few are large enough. */
const ENTRIES_AT_ONCE = 64;

/** The work on a partition beside the logs: the webhooks. */
export interface PartitionWork {
  /** This node owns the partition from now on. */
  taken(hold: FeedHold): void;
  /** Resolves when no work on the partition is under way here. */
  lost(hold: FeedHold): Promise<void>;
  /**
   * Stores what the entries call for, and removes them from the feed in the same step. False: this node does not own the
   * partition any more; nothing changed.
   */
  settle(hold: FeedHold, entries: readonly FeedEntry[]): Promise<boolean>;
}

export interface DispatcherDeps {
  readonly feed: EventFeed;
  readonly work: PartitionWork;
  readonly placement: Pick<Placement, 'self' | 'nodes' | 'draining'>;
  readonly calls: Pick<NodeCalls, 'announce' | 'serve'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly tallies: Pick<Tallies, 'eventsDispatched' | 'eventsDropped'>;
}

export class Dispatcher {
  private readonly share: PartitionShare;
  /** Partitions whose feed may hold something. */
  private readonly woken = new Set<number>();
  private readonly running = new Map<number, Promise<void>>();
  private gathering: Timer | null = null;
  private readonly untold = new Set<number>();
  /** How many events each partition had dropped when this node last read it. */
  private readonly dropped = new Map<number, number>();
  private timer: Timer | null = null;
  private isStopped = false;

  constructor(private readonly deps: DispatcherDeps) {
    const { feed, placement, clock, log, work } = deps;
    this.share = new PartitionShare({
      feed,
      placement,
      clock,
      log,
      onTaken: (hold) => {
        work.taken(hold);
        this.wake(hold.partition);
      },
      onLost: async (hold) => {
        await this.running.get(hold.partition);
        await work.lost(hold);
        this.dropped.delete(hold.partition);
      },
    });
    feed.onWritten((partition) => {
      this.onWritten(partition);
    });
  }

  /** Hears from other nodes what they write. Call it before the bus starts. */
  serve(): void {
    this.deps.calls.serve(WRITTEN, ({ partitions }) => {
      for (const partition of partitions) this.wake(partition);
      return 0;
    });
  }

  async start(): Promise<void> {
    await this.share.start();
    this.lookLater();
  }

  /** Ends the steps under way and gives the partitions up. What is in the feed stays for the next owner. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.timer?.cancel();
    this.gathering?.cancel();
    await this.share.stop();
  }

  private onWritten(partition: number): void {
    if (this.share.holdOf(partition) !== null) {
      this.wake(partition);
      return;
    }
    const isFirst = this.untold.size === 0;
    this.untold.add(partition);
    if (!isFirst) return;
    this.deps.clock.after(TELL_AFTER_MS, () => {
      const partitions = [...this.untold];
      this.untold.clear();
      if (!this.isStopped) this.deps.calls.announce(WRITTEN, { partitions });
    });
  }

  private lookLater(): void {
    this.timer = this.deps.clock.after(LOOK_EVERY_MS, () => {
      for (const { partition } of this.share.holds()) this.wake(partition);
      this.lookLater();
    });
  }

  private wake(partition: number): void {
    if (this.share.holdOf(partition) === null) return;
    this.woken.add(partition);
    this.gather();
  }

  private gather(): void {
    if (this.gathering !== null || this.isStopped) return;
    this.gathering = this.deps.clock.after(GATHER_MS, () => {
      this.gathering = null;
      // They take each step in the same turn, so that the store can make one call of it. None waits for the slowest.
      for (const partition of this.woken) if (!this.running.has(partition)) this.begin(partition);
    });
  }

  private begin(partition: number): void {
    this.woken.delete(partition);
    const run = this.step(partition)
      .catch((error: unknown) => {
        // The next look tries again.
        if (!Failure.is(error, 'store_unavailable')) {
          this.deps.log.error('event_dispatch_failed', error, { partition });
        }
      })
      .finally(() => {
        this.running.delete(partition);
        if (this.woken.size > 0) this.gather();
      });
    this.running.set(partition, run);
  }

  private async step(partition: number): Promise<void> {
    const { feed, work, tallies } = this.deps;
    const { entries, dropped, hasMore } = await feed.read(partition, ENTRIES_AT_ONCE);
    this.countDropped(partition, dropped);
    if (entries.length === 0) {
      if (hasMore) this.wake(partition);
      return;
    }
    await feed.publish(partition, entries);
    const hold = this.share.holdOf(partition);
    if (hold === null || !(await work.settle(hold, entries))) return;
    tallies.eventsDispatched += entries.length;
    if (hasMore) this.wake(partition);
  }

  private countDropped(partition: number, dropped: number): void {
    const before = this.dropped.get(partition) ?? dropped;
    this.dropped.set(partition, dropped);
    if (dropped <= before) return;
    this.deps.tallies.eventsDropped += dropped - before;
    this.deps.log.error('events_dropped', new Error('the feed of events is full'), {
      partition,
      count: dropped - before,
    });
  }
}
