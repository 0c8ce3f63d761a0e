import type { Clock } from '../../ports/clock.js';
import type { EventRecord } from '../../ports/event.js';
import {
  MAX_FEED_EVENTS,
  type EventFeed,
  type FeedEntry,
  type FeedHold,
  type FeedPage,
} from '../../ports/event-feed.js';
import type { NodeId } from '../../protocol/ids.js';

interface Owner {
  readonly nodeId: NodeId;
  readonly epoch: number;
  readonly untilMs: number;
}

/** The feed of this process: one partition. Each method is atomic because none awaits. */
export class MemoryEventFeed implements EventFeed {
  readonly partitions = 1;
  readonly #clock: Clock;
  readonly #most: number;
  /** In the order of writing. */
  readonly #entries = new Map<number, EventRecord>();
  #position = 0;
  #dropped = 0;
  #epoch = 0;
  #owner: Owner | null = null;
  readonly #listeners: ((partition: number) => void)[] = [];

  constructor(clock: Clock, most = MAX_FEED_EVENTS) {
    this.#clock = clock;
    this.#most = most;
  }

  /** Called in the step that makes the change. */
  add(event: EventRecord): void {
    this.#position += 1;
    this.#entries.set(this.#position, event);
    for (const listen of this.#listeners) listen(0);
    if (this.#entries.size <= this.#most) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      this.#dropped += 1;
      return;
    }
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
    const entries: FeedEntry[] = [];
    for (const [position, event] of this.#entries) {
      if (entries.length >= limit) break;
      entries.push({ position: String(position), event });
    }
    return { entries, dropped: this.#dropped };
  }

  /** In this process each event is in all of its logs from the moment of its change. */
  async publish(): Promise<void> {
    return Promise.resolve();
  }

  async settle(hold: FeedHold, upTo: string): Promise<boolean> {
    if (!this.owns(hold)) return false;
    this.drop(hold.partition, upTo);
    return true;
  }

  /** Removes the entries up to this position. */
  drop(_partition: number, upTo: string): void {
    const last = Number(upTo);
    for (const position of this.#entries.keys()) {
      if (position > last) break;
      this.#entries.delete(position);
    }
  }

  owns({ nodeId, epoch }: FeedHold): boolean {
    const owner = this.#ownerNow();
    return owner?.nodeId === nodeId && owner.epoch === epoch;
  }

  #ownerNow(): Owner | null {
    return this.#owner !== null && this.#owner.untilMs > this.#clock.monotonicMs() ? this.#owner : null;
  }
}
