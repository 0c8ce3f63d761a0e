/** Counts of values in buckets that grow with the value, as HDR histograms do: at most 1.6 % off, of fixed size. */
const LINEAR_BITS = 6;
const LINEAR = 2 ** LINEAR_BITS;
const MAX = 2 ** 31 - 1;
const BUCKETS = (31 - LINEAR_BITS + 1) * LINEAR;

export class Histogram {
  private readonly counts = new Uint32Array(BUCKETS);
  private total = 0;

  get count(): number {
    return this.total;
  }

  /** A whole number of the caller's unit; below 0 counts as 0. Called for every sample: no allocation. */
  record(value: number): void {
    const whole = Math.min(MAX, Math.max(0, value)) | 0;
    const shift = Math.max(0, 31 - LINEAR_BITS - Math.clz32(whole));
    const at = shift * LINEAR + (whole >>> shift);
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.total += 1;
  }

  /** The largest value of the bucket that holds this share of all values; 0 without values. */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.total));
    let seen = 0;
    for (const [at, count] of this.counts.entries()) {
      seen += count;
      if (count > 0 && seen >= rank) return largestOf(at);
    }
    return 0;
  }
}

function largestOf(at: number): number {
  const shift = Math.max(0, Math.floor(at / LINEAR) - 1);
  return (at - shift * LINEAR + 1) * 2 ** shift - 1;
}
