/** What a load found, in tables and plots, and which side was short of time. */
import type { Account, Cell } from './account.js';
import { shareOf } from '../measure/cpu.js';
import type { Latencies } from '../measure/latencies.js';
import type { LoadOptions } from '../load/load-process.js';
import type { Result, Sample } from '../load/result.js';
import type { Progress } from './progress.js';
import type { Plot } from './plot.js';

/** A side that is this busy has nothing left: what it adds to a latency is its own queue. */
const SATURATED = 0.95;
/** A generator that is later than that measures itself. */
const LATE_MS = 5;
const US_PER_S = 1e6;

/** Which side had no time left. */
export interface Saturation {
  /** `none, load held up`: the load was late though it had time, so other programs had its core. */
  readonly side: 'server' | 'load' | 'both' | 'none' | 'none, load held up' | 'server not known';
  /** Shares of a core; null: the server's CPU is not known. The load's is its busiest worker's. */
  readonly serverBusy: number | null;
  readonly loadBusy: number;
  readonly loadLagP99Ms: number | null;
}

export function saturationOf(serverBusy: number | null, loadBusy: number, loadLagP99Ms: number | null): Saturation {
  return { side: sideOf(serverBusy, loadBusy, loadLagP99Ms), serverBusy, loadBusy, loadLagP99Ms };
}

function sideOf(serverBusy: number | null, loadBusy: number, loadLagP99Ms: number | null): Saturation['side'] {
  const isLoad = loadBusy >= SATURATED;
  if (serverBusy !== null && serverBusy >= SATURATED) return isLoad ? 'both' : 'server';
  if (isLoad) return 'load';
  if ((loadLagP99Ms ?? 0) > LATE_MS) return 'none, load held up';
  return serverBusy === null ? 'server not known' : 'none';
}

export function saturationOfResult({ window, lagMs }: Result): Saturation {
  const serverBusy = window.serverCpu === null ? null : shareOf(window.serverCpu, window.seconds);
  return saturationOf(serverBusy, shareOf(window.loadCpu, window.seconds), lagMs.p99);
}

export function reportSaturation(account: Account, saturation: Saturation): void {
  const { serverBusy, loadBusy, loadLagP99Ms, side } = saturation;
  const lag = loadLagP99Ms === null ? '-' : loadLagP99Ms.toFixed(2);
  account.table(
    ['saturated', 'server busy %', 'load busy %', 'load lag p99 ms'],
    [[side, percent(serverBusy), percent(loadBusy), lag]],
  );
}

/** The same as columns, for one row of several. */
export const BUSY: readonly Cell[] = ['saturated', 'server busy %', 'load busy %'];

export function busyCells({ serverBusy, loadBusy }: Pick<Saturation, 'serverBusy' | 'loadBusy'>): Cell[] {
  return [saturationOf(serverBusy, loadBusy, null).side, percent(serverBusy), percent(loadBusy)];
}

export function reportLoad(account: Account, result: Result): void {
  const { counts, window, latency } = result;
  const perS = window.deliveries / window.seconds;
  account.table(
    ['deliveries', 'per s', 'due', 'delivered %', 'lost', 'doubled', 'disordered', 'damaged'],
    [
      [
        counts.delivered,
        perS.toFixed(0),
        counts.due,
        (100 * deliveredShare(result)).toFixed(3),
        counts.lost,
        counts.doubled,
        counts.disordered,
        counts.damaged,
      ],
    ],
  );
  const inMs = [0.5, 0.9, 0.99, 0.999, 1].map((share): Cell => latency.atMs(share).toFixed(2));
  account.table(['latency, ms', 'p50', 'p90', 'p99', 'p99.9', 'max'], [['from when it was due', ...inMs]]);
  const cpu = window.serverCpu;
  account.table(
    ['server CPU per delivery, us', 'user', 'sys', 'entries/frame', 'entries/read'],
    [
      [
        ...[cpu === null ? null : cpu.userS + cpu.systemS, cpu?.userS ?? null, cpu?.systemS ?? null].map(
          (seconds): Cell => (seconds === null ? '-' : ((seconds / window.deliveries) * US_PER_S).toFixed(2)),
        ),
        ((window.deliveries + window.echoes) / window.frames).toFixed(2),
        ((window.deliveries + window.echoes) / window.reads).toFixed(2),
      ],
    ],
  );
  reportSaturation(account, saturationOfResult(result));
}

/** Of all that was due, warm-up included. */
export function deliveredShare({ counts }: Result): number {
  return counts.due === 0 ? 0 : counts.delivered / counts.due;
}

/** Shows rate and share delivered so far, of all intervals that have passed. */
export function watchLoad(progress: Progress): NonNullable<LoadOptions['onInterval']> {
  let [due, delivered, lastS] = [0, 0, 0];
  return (interval) => {
    due += interval.due;
    delivered += interval.delivered;
    const perS = interval.delivered / Math.max(interval.untilS - lastS, 1e-3);
    lastS = interval.untilS;
    const share = due === 0 ? 100 : Math.min(100, (100 * delivered) / due);
    progress.show(`${interval.untilS.toFixed(1)} s  ${perS.toFixed(0)} deliveries/s  ${share.toFixed(2)} % delivered`);
  };
}

export function loadPlots(result: Result): readonly Plot[] {
  const { samples } = result;
  const over = (title: string, label: string, lines: Plot['lines']): Plot => ({
    title,
    x: { label: 'seconds', scale: 'linear' },
    y: { label, scale: 'linear' },
    lines,
  });
  return [
    latencyPlot([['from when it was due', result.latency]]),
    over('Throughput', 'deliveries/s', [
      { name: 'due', points: rates(samples, ({ due }) => due) },
      { name: 'delivered', points: rates(samples, ({ delivered }) => delivered) },
    ]),
    over('Loss', '% of what was due', [{ name: 'lost', points: lossOverTime(result) }]),
    over('Latency over time', 'ms', [
      {
        name: 'p99',
        points: samples.flatMap(({ untilS, p99Ms }): [number, number][] => (p99Ms === null ? [] : [[untilS, p99Ms]])),
      },
    ]),
  ];
}

/** The percentile curve. */
export function latencyPlot(curves: readonly (readonly [name: string, latency: Latencies])[]): Plot {
  return {
    title: 'Latency distribution',
    x: { label: 'percentile', scale: 'percentile' },
    y: { label: 'ms', scale: 'log' },
    lines: curves.map(([name, latency]) => ({ name, points: latency.curve() })),
  };
}

function rates(samples: readonly Sample[], of: (sample: Sample) => number): [number, number][] {
  let lastS = 0;
  return samples.map((sample) => {
    const perS = of(sample) / Math.max(sample.untilS - lastS, 1e-3);
    lastS = sample.untilS;
    return [sample.untilS, perS];
  });
}

/** A loss shows when what follows comes; what was lost at the end shows in the last interval. */
function lossOverTime({ samples, counts }: Result): [number, number][] {
  const known = samples.reduce((sum, { missing }) => sum + missing, 0);
  const duePerSample = counts.due / Math.max(1, samples.length);
  return samples.map(({ untilS, due, missing }, i) => {
    const lost = missing + (i === samples.length - 1 ? Math.max(0, counts.lost - known) : 0);
    return [untilS, Math.max(0, (100 * lost) / Math.max(due, duePerSample))];
  });
}

export function percent(share: number | null): Cell {
  return share === null ? '-' : (100 * share).toFixed(1);
}
