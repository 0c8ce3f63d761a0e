/** What a load found, of all its workers together. */
import { demand } from '../processes/changes.js';
import type { CpuTime } from '../measure/cpu.js';
import type { Interval, Part, SamplePart } from './job.js';
import { Latencies } from '../measure/latencies.js';

/** An interval from the start of the sending on, warm-up included. */
export interface Sample extends Omit<Interval, 'n'> {
  /** Of the messages that were timed; null when none came. */
  readonly p99Ms: number | null;
}

export interface Result extends Pick<Part, 'counts' | 'problems'> {
  /** CPU of the load: the busiest worker's, since each has one thread that can be too slow. */
  readonly window: Part['window'];
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly lagMs: { readonly p50: number; readonly p99: number };
  readonly latency: Latencies;
  readonly lag: Latencies;
  readonly samples: readonly Sample[];
}

/** Sums, merged histograms, and the worst lag: that of one late worker is not hidden by others that were in time. */
export function mergeParts(parts: readonly Part[]): Result {
  const [first, ...others] = parts;
  demand(first !== undefined, 'no load worker answered');
  const latency = Latencies.of(parts.flatMap(({ samples }) => samples.flatMap(({ latencyUs }) => latencyUs)));
  const lags = parts.map((each) => Latencies.of(each.lagUs));
  const counts = { ...first.counts };
  const window = { ...first.window };
  for (const part of others) {
    addTo(counts, part.counts);
    window.deliveries += part.window.deliveries;
    window.frames += part.window.frames;
    window.reads += part.window.reads;
    window.echoes += part.window.echoes;
    window.loadCpu = busier(window.loadCpu, part.window.loadCpu);
  }
  const lag = lags.toSorted((a, b) => b.atMs(0.99) - a.atMs(0.99))[0] ?? new Latencies();
  return {
    counts,
    problems: [...new Set(parts.flatMap(({ problems }) => problems))],
    window,
    latencyMs: { p50: latency.atMs(0.5), p99: latency.atMs(0.99), max: latency.atMs(1) },
    lagMs: { p50: lag.atMs(0.5), p99: lag.atMs(0.99) },
    latency,
    lag,
    samples: mergeSamples(parts),
  };
}

/** The intervals in order, each of every worker that was not too busy to cut it. */
function mergeSamples(parts: readonly Part[]): readonly Sample[] {
  const byNumber = new Map<number, SamplePart[]>();
  for (const sample of parts.flatMap(({ samples }) => samples)) {
    byNumber.set(sample.n, [...(byNumber.get(sample.n) ?? []), sample]);
  }
  return [...byNumber]
    .toSorted(([a], [b]) => a - b)
    .map(([, samples]) => {
      const times = Latencies.of(samples.flatMap(({ latencyUs }) => latencyUs));
      const { untilS, due, delivered, missing } = sumOf(samples);
      return { untilS, due, delivered, missing, p99Ms: times.count === 0 ? null : times.atMs(0.99) };
    });
}

/** One interval, of several workers. */
export function sumOf(parts: readonly Interval[]): Interval {
  const sum = (of: (part: Interval) => number): number => parts.reduce((total, each) => total + of(each), 0);
  return {
    n: parts[0]?.n ?? 0,
    untilS: Math.max(...parts.map(({ untilS }) => untilS)),
    due: sum(({ due }) => due),
    delivered: sum(({ delivered }) => delivered),
    missing: sum(({ missing }) => missing),
  };
}

/** The server's CPU time in the window, for those who measured a server of this machine. */
export function serverCpuOf({ window }: Result): CpuTime {
  demand(window.serverCpu !== null, "the server's CPU time was not taken");
  return window.serverCpu;
}

function addTo(sum: Part['counts'], counts: Part['counts']): void {
  sum.due += counts.due;
  sum.delivered += counts.delivered;
  sum.lost += counts.lost;
  sum.doubled += counts.doubled;
  sum.disordered += counts.disordered;
  sum.damaged += counts.damaged;
}

function busier(a: CpuTime, b: CpuTime): CpuTime {
  return a.userS + a.systemS >= b.userS + b.systemS ? a : b;
}
