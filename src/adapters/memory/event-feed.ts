import type { Clock } from '../../ports/clock.js';
import type { EventRecord } from '../../ports/event.js';
import { MAX_FEED_EVENTS, type EventFeed, type FeedHold, type FeedPage } from '../../ports/event-feed.js';
import type { NodeId } from '../../protocol/ids.js';
import { EventRing } from './event-ring.js';

interface Owner {
  readonly nodeId: NodeId;
  readonly epoch: number;
  readonly untilMs: number;
}

/** The feed of this process: one partition. Each method is atomic because none awaits. */
export class MemoryEventFeed implements EventFeed {
  readonly partitions = 1;
  readonly #clock: Clock;
  readonly #ring: EventRing;
  #dropped = 0;
  #epoch = 0;
  #owner: Owner | null = null;
  readonly #listeners: ((partition: number) => void)[] = [];

  constructor(clock: Clock, most = MAX_FEED_EVENTS) {
    this.#clock = clock;
    this.#ring = new EventRing(most);
  }

  /** Called in the step that makes the change. */
  add(event: EventRecord): void {
    if (this.#ring.append(event)) this.#dropped += 1;
    for (const listen of this.#listeners) listen(0);
  }

  /** Drops the event if it is the oldest. */
  drop(event: EventRecord): void {
    if (this.#ring.removeIfOldest(event)) this.#dropped += 1;
  }

  onWritten(listen: (partition: number) => void): void {
    this.#listeners.push(listen);
  }

  async claim(_partition: number, nodeId: NodeId, leaseMs: number): Promise<FeedHold | null> {
    const owner = this.#ownerNow();
    if (owner !== null && owner.nodeId !== nodeId) return null;
    if (owner === null) this.#epoch += 1;
    this.#owner = { nodeId, epoch: this.#epoch, untilMs: this.#clock.monotonicMs() + leaseMs };
    return { partition: 0, nodeId, epoch: this.#epoch };
  }

  async release(hold: FeedHold): Promise<void> {
    if (this.owns(hold)) this.#owner = null;
  }

  async read(_partition: number, limit: number): Promise<FeedPage> {
    const entries = this.#ring.oldest(limit).map(({ position, event }) => ({ position: String(position), event }));
    return { entries, dropped: this.#dropped, hasMore: this.#ring.size > entries.length };
  }

  /** In this process each event is in all of its logs from the moment of its change. */
  async publish(): Promise<void> {
    return Promise.resolve();
  }

  async settle(hold: FeedHold, upTo: string): Promise<boolean> {
    if (!this.owns(hold)) return false;
    this.removeUpTo(upTo);
    return true;
  }

  /** Removes the entries up to this position. */
  removeUpTo(upTo: string): void {
    this.#ring.removeUpTo(Number(upTo));
  }

  owns({ nodeId, epoch }: FeedHold): boolean {
    const owner = this.#ownerNow();
    return owner?.nodeId === nodeId && owner.epoch === epoch;
  }

  #ownerNow(): Owner | null {
    return this.#owner !== null && this.#owner.untilMs > this.#clock.monotonicMs() ? this.#owner : null;
  }
}
