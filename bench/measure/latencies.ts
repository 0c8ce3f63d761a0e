/** The times of a run as one HDR histogram: the counts of all load workers merged, never averaged. */
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { MAX_VALUE, type ValueCounts } from './histogram.js';

const DIGITS = 3;
const US_PER_MS = 1_000;
/** The curve has so many points for each halving of the distance to 100 %. */
const POINTS_PER_HALVING = 5;

/** In milliseconds; `hdr` is the whole histogram, in microseconds, as HdrHistogram's tools read it (V2, base64). */
export interface LatencyFigures {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly hdr: string;
}

export class Latencies {
  private readonly hdr = build({
    bitBucketSize: 32,
    autoResize: false,
    highestTrackableValue: MAX_VALUE,
    numberOfSignificantValueDigits: DIGITS,
  });

  /** Microseconds. */
  static of(counts: ValueCounts): Latencies {
    const made = new Latencies();
    made.add(counts);
    return made;
  }

  get count(): number {
    return this.hdr.totalCount;
  }

  add(counts: ValueCounts): void {
    for (const [value, count] of counts) this.hdr.recordValueWithCount(value, count);
  }

  /** The time that this share of all times does not exceed; 0 without times. */
  atMs(share: number): number {
    return this.count === 0 ? 0 : this.hdr.getValueAtPercentile(100 * share) / US_PER_MS;
  }

  /** Shares below 1 with their times, denser near 1, as far as there are values. */
  curve(): readonly (readonly [share: number, ms: number])[] {
    const points: [number, number][] = [];
    for (let left = 1; left * this.count >= 1; left /= 2 ** (1 / POINTS_PER_HALVING)) {
      points.push([1 - left, this.atMs(1 - left)]);
    }
    return points;
  }

  toJSON(): LatencyFigures {
    const [p50, p90, p99, p999, max] = [
      this.atMs(0.5),
      this.atMs(0.9),
      this.atMs(0.99),
      this.atMs(0.999),
      this.atMs(1),
    ];
    return { count: this.count, p50, p90, p99, p999, max, hdr: encodeIntoCompressedBase64(this.hdr) };
  }
}
