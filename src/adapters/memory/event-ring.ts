import type { EventRecord } from '../../ports/event.js';
import { EVENT_KEPT_MS, type EventPage, type LogEntry } from '../../ports/event-log.js';
import { Fifo } from './fifo.js';

/** The newest events of one log, numbered from 1. Bounded in count, and in age where a reader says the time. */
export class EventRing {
  readonly #most: number;
  readonly #events = new Fifo<EventRecord>();
  #newest = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** The position of the newest event that was ever appended; 0: none was. */
  get newest(): number {
    return this.#newest;
  }

  get size(): number {
    return this.#events.size;
  }

  /** Returns whether the ring was full and has removed its oldest event. */
  append(event: EventRecord): boolean {
    this.#events.push(event);
    this.#newest += 1;
    const isFull = this.size > this.#most;
    if (isFull) this.#events.shift();
    return isFull;
  }

  page(after: number, limit: number, nowMs: number): EventPage {
    this.#removeAged(nowMs);
    const newest = this.#newest;
    const oldest = newest - this.size + 1;
    if (after > newest || after < oldest - 1) return { outcome: 'cursor_lost', oldest, newest };
    return { outcome: 'read', entries: this.#entries(after - oldest + 1, limit), newest };
  }

  /** The oldest events, whatever their age. */
  oldest(limit: number): readonly LogEntry[] {
    return this.#entries(0, limit);
  }

  removeUpTo(position: number): void {
    while (this.size > 0 && this.#newest - this.size < position) this.#events.shift();
  }

  /** Returns whether this was the oldest event and is removed now. */
  removeIfOldest(event: EventRecord): boolean {
    if (this.#events.first !== event) return false;
    this.#events.shift();
    return true;
  }

  #entries(skipped: number, limit: number): readonly LogEntry[] {
    const first = this.#newest - this.size + 1 + skipped;
    return this.#events.slice(skipped, limit).map((event, at) => ({ position: first + at, event }));
  }

  #removeAged(nowMs: number): void {
    for (let { first } = this.#events; first !== undefined; { first } = this.#events) {
      if (first.createdAtMs > nowMs - EVENT_KEPT_MS) return;
      this.#events.shift();
    }
  }
}
