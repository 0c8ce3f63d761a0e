/** The result of a load, merged over all its workers. */
import { shareOf, type CpuTime } from '../measure/cpu.js';
import { Latencies } from '../measure/latencies.js';
import { sumOf } from '../measure/statistics.js';
import { demand } from '../processes/changes.js';
import type { Interval, Part, SamplePart } from './job.js';

/** An interval counted from the start of the sending, warm-up included. */
export interface Sample extends Omit<Interval, 'n'> {
  /** p99 of the timed messages; null when none arrived. */
  readonly p99Ms: number | null;
}

export interface Result extends Pick<Part, 'counts' | 'problems' | 'window'> {
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly lagMs: { readonly p50: number; readonly p99: number };
  readonly latency: Latencies;
  readonly lag: Latencies;
  readonly samples: readonly Sample[];
}

/**
 * Sums and merged histograms, but the worst lag and the busiest worker's CPU: each worker has one thread that can be too
 * slow, and others that are in time must not hide it.
 */
export function mergeParts(parts: readonly Part[]): Result {
  const [first] = parts;
  demand(first !== undefined, 'no load worker answered');
  const latency = Latencies.of(parts.flatMap(({ samples }) => samples.flatMap(({ latencyUs }) => latencyUs)));
  const lags = parts.map((each) => Latencies.of(each.lagUs));
  const lag = lags.toSorted((a, b) => b.atMs(0.99) - a.atMs(0.99))[0] ?? new Latencies();
  const loads = parts.map(({ window }) => window.loadCpu);
  return {
    counts: {
      due: sumOf(parts, ({ counts }) => counts.due),
      delivered: sumOf(parts, ({ counts }) => counts.delivered),
      lost: sumOf(parts, ({ counts }) => counts.lost),
      doubled: sumOf(parts, ({ counts }) => counts.doubled),
      disordered: sumOf(parts, ({ counts }) => counts.disordered),
      damaged: sumOf(parts, ({ counts }) => counts.damaged),
    },
    problems: [...new Set(parts.flatMap(({ problems }) => problems))],
    window: {
      ...first.window,
      deliveries: sumOf(parts, ({ window }) => window.deliveries),
      frames: sumOf(parts, ({ window }) => window.frames),
      reads: sumOf(parts, ({ window }) => window.reads),
      echoes: sumOf(parts, ({ window }) => window.echoes),
      loadCpu: loads.reduce((a, b) => (shareOf(a, 1) >= shareOf(b, 1) ? a : b)),
    },
    latencyMs: { p50: latency.atMs(0.5), p99: latency.atMs(0.99), max: latency.atMs(1) },
    lagMs: { p50: lag.atMs(0.5), p99: lag.atMs(0.99) },
    latency,
    lag,
    samples: mergeSamples(parts),
  };
}

/** The intervals in order, each merged over the workers that reported it. */
function mergeSamples(parts: readonly Part[]): readonly Sample[] {
  const byNumber = new Map<number, SamplePart[]>();
  for (const sample of parts.flatMap(({ samples }) => samples)) {
    byNumber.set(sample.n, [...(byNumber.get(sample.n) ?? []), sample]);
  }
  return [...byNumber]
    .toSorted(([a], [b]) => a - b)
    .map(([, samples]) => {
      const times = Latencies.of(samples.flatMap(({ latencyUs }) => latencyUs));
      const { untilS, due, delivered, missing } = mergeIntervals(samples);
      return { untilS, due, delivered, missing, p99Ms: times.count === 0 ? null : times.atMs(0.99) };
    });
}

/** One interval of several workers. */
export function mergeIntervals(parts: readonly Interval[]): Interval {
  return {
    n: parts[0]?.n ?? 0,
    untilS: Math.max(...parts.map(({ untilS }) => untilS)),
    due: sumOf(parts, ({ due }) => due),
    delivered: sumOf(parts, ({ delivered }) => delivered),
    missing: sumOf(parts, ({ missing }) => missing),
  };
}

/** The server's CPU time in the window. Throws when the server's process is unknown. */
export function serverCpuOf({ window }: Result): CpuTime {
  demand(window.serverCpu !== null, "the server's CPU time is unknown");
  return window.serverCpu;
}
