import type { EventRecord } from '../../ports/event.js';
import { EVENT_KEPT_MS, type EventPage } from '../../ports/event-log.js';

/** The newest events of one log, bounded in count and in age. */
export class EventRing {
  readonly #most: number;
  /** Oldest first, from `#head` on; what is before it was removed. */
  #events: (EventRecord | null)[] = [];
  #head = 0;
  #newest = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** The position of the newest event that was ever appended; 0: none was. */
  get newest(): number {
    return this.#newest;
  }

  get size(): number {
    return this.#events.length - this.#head;
  }

  append(event: EventRecord): void {
    this.#events.push(event);
    this.#newest += 1;
    if (this.size > this.#most) this.#removeOldest();
    this.#removeAged(event.createdAtMs);
  }

  page(after: number, limit: number, nowMs: number): EventPage {
    this.#removeAged(nowMs);
    const newest = this.#newest;
    const oldest = newest - this.size + 1;
    if (after > newest || after < oldest - 1) return { outcome: 'cursor_lost', oldest, newest };
    const start = this.#head + (after - oldest + 1);
    const events = this.#events.slice(start, start + limit);
    const entries = events.flatMap((event, at) => (event === null ? [] : [{ position: after + 1 + at, event }]));
    return { outcome: 'read', entries, newest };
  }

  #removeAged(nowMs: number): void {
    for (let first = this.#events[this.#head]; first != null; first = this.#events[this.#head]) {
      if (first.createdAtMs > nowMs - EVENT_KEPT_MS) return;
      this.#removeOldest();
    }
  }

  /** Moves the rest only when half of the array is empty, so that a removal costs the same whatever is kept. */
  #removeOldest(): void {
    this.#events[this.#head] = null;
    this.#head += 1;
    if (this.#head < 16 || this.#head * 2 < this.#events.length) return;
    this.#events = this.#events.slice(this.#head);
    this.#head = 0;
  }
}
