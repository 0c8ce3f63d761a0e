/** What a load found, of all its workers together. */
import { demand } from '../changes.js';
import type { CpuTime } from './cpu.js';
import type { Part, SamplePart } from './job.js';
import { Latencies } from './latencies.js';

export interface Sample {
  /** From the start of the sending, warm-up included. */
  readonly untilS: number;
  readonly due: number;
  readonly delivered: number;
  readonly missing: number;
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
export function mergeParts(parts: readonly Part[], samples: readonly Sample[]): Result {
  const [first, ...others] = parts;
  demand(first !== undefined, 'no load worker answered');
  const latency = Latencies.of(first.latencyUs);
  const lags = parts.map((each) => Latencies.of(each.lagUs));
  const counts = { ...first.counts };
  const window = { ...first.window };
  for (const part of others) {
    latency.add(part.latencyUs);
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
    samples,
  };
}

/** One interval, of every worker. */
export function mergeSamples(parts: readonly SamplePart[]): Sample {
  const times = new Latencies();
  for (const { latencyUs } of parts) times.add(latencyUs);
  const sum = (of: (part: SamplePart) => number): number => parts.reduce((total, each) => total + of(each), 0);
  return {
    untilS: Math.max(...parts.map(({ untilS }) => untilS)),
    due: sum(({ due }) => due),
    delivered: sum(({ delivered }) => delivered),
    missing: sum(({ missing }) => missing),
    p99Ms: times.count === 0 ? null : times.atMs(0.99),
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
