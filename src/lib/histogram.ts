/** Counts values in buckets. One array is allocated at the start; an observation allocates nothing. */
export class Histogram {
  /** The counts of the buckets, the count of the values above the last bound, and the sum of all values. */
  private readonly slots: Float64Array;

  /** `bounds`: the upper bounds of the buckets, rising. A value that equals a bound is in its bucket. */
  constructor(readonly bounds: readonly number[]) {
    this.slots = new Float64Array(bounds.length + 2);
  }

  observe(value: number): void {
    const { bounds, slots } = this;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] ?? Infinity)) at += 1;
    slots[at] = (slots[at] ?? 0) + 1;
    slots[bounds.length + 1] = this.sum + value;
  }

  get sum(): number {
    return this.slots[this.bounds.length + 1] ?? 0;
  }

  /** How many values are at most as large as each bound; the last number counts all values. */
  cumulative(): readonly number[] {
    const totals: number[] = [];
    let total = 0;
    for (let at = 0; at <= this.bounds.length; at += 1) {
      total += this.slots[at] ?? 0;
      totals.push(total);
    }
    return totals;
  }
}
