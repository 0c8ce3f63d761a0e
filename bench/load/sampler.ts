/** Cuts a run into intervals of equal length, and counts in each what was due, what arrived and how late. */
import { Histogram } from '../measure/histogram.js';
import type { Interval, SamplePart } from './job.js';
import type { Tally } from '../book/tally.js';

export class Sampler {
  /** The latencies of the current interval: record here. */
  readonly latencyUs = new Histogram();
  private startMs = 0;
  private nextMs = Number.POSITIVE_INFINITY;
  private n = 0;
  private last = { due: 0, delivered: 0, missing: 0 };
  /** All intervals that are over. */
  private readonly taken: SamplePart[] = [];

  constructor(
    private readonly tally: Tally,
    private readonly everyMs: number,
    private readonly onInterval: (interval: Interval) => void,
  ) {}

  start(atMs: number): void {
    this.startMs = atMs;
    this.nextMs = atMs + this.everyMs;
  }

  /** Call it often. A late call makes an interval longer; its number still tells its place. */
  tick(nowMs: number): void {
    if (nowMs >= this.nextMs) this.cut(nowMs);
  }

  /** Messages that arrived after the last interval make one more. */
  end(nowMs: number): SamplePart[] {
    this.cut(nowMs);
    this.nextMs = Number.POSITIVE_INFINITY;
    return this.taken;
  }

  private cut(nowMs: number): void {
    const { due, delivered, missing } = this.tally.progress();
    const { last } = this;
    const interval = {
      n: this.n,
      untilS: (nowMs - this.startMs) / 1000,
      due: due - last.due,
      delivered: delivered - last.delivered,
      missing: missing - last.missing,
    };
    this.taken.push({ ...interval, latencyUs: this.latencyUs.take() });
    this.onInterval(interval);
    this.last = { due, delivered, missing };
    for (; this.nextMs <= nowMs; this.nextMs += this.everyMs) this.n += 1;
  }
}
