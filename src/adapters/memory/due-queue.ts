interface Entry<T> {
  readonly dueMs: number;
  readonly item: T;
}

/** Items ordered by due time: a binary heap, so that a sweep costs only what is due. */
export class DueQueue<T> {
  readonly #heap: Entry<T>[] = [];

  get size(): number {
    return this.#heap.length;
  }

  push(item: T, dueMs: number): void {
    const heap = this.#heap;
    let at = heap.push({ item, dueMs }) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#swapIfEarlier(at, above)) return;
      at = above;
    }
  }

  /** Removes and returns the item that has been due longest; null when none is due. */
  popDue(nowMs: number): T | null {
    const first = this.#heap[0];
    if (first === undefined || first.dueMs > nowMs) return null;
    const last = this.#heap.pop();
    if (last !== undefined && last !== first) {
      this.#heap[0] = last;
      this.#sink();
    }
    return first.item;
  }

  #sink(): void {
    for (let at = 0, left = 1; left < this.#heap.length; left = 2 * at + 1) {
      const least = this.#isEarlier(left + 1, left) ? left + 1 : left;
      if (!this.#swapIfEarlier(least, at)) return;
      at = least;
    }
  }

  #swapIfEarlier(below: number, above: number): boolean {
    const [lower, upper] = [this.#heap[below], this.#heap[above]];
    if (lower === undefined || upper === undefined || lower.dueMs >= upper.dueMs) return false;
    this.#heap[above] = lower;
    this.#heap[below] = upper;
    return true;
  }

  #isEarlier(one: number, other: number): boolean {
    return (this.#heap[one]?.dueMs ?? Infinity) < (this.#heap[other]?.dueMs ?? Infinity);
  }
}
