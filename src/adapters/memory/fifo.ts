/** A queue in an array. The removal of the oldest item costs the same whatever the queue holds. */
export class Fifo<T> {
  /** The oldest is at `#head`; what is before it was removed. */
  #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): void {
    if (this.size === 0) return;
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head < MIN_EMPTY || this.#head * 2 < this.#items.length) return;
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }

  /** Up to `limit` items, without the oldest `skipped`. */
  slice(skipped: number, limit: number): readonly T[] {
    const start = this.#head + skipped;
    return this.#items.slice(start, start + limit).filter((item) => item !== undefined);
  }
}

/** Below this many empty places in front, the array stays as it is. */
const MIN_EMPTY = 16;
