/** The result of a load in tables and plots, and which side ran out of time. */
import type { Clients } from '../load/clients.js';
import type { Result, Sample } from '../load/result.js';
import { shareOf } from '../measure/cpu.js';
import type { Latencies } from '../measure/latencies.js';
import { sumOf } from '../measure/statistics.js';
import { fixed, percent, type Account, type Columns } from './account.js';
import type { Plot } from './plot.js';
import type { Progress } from './progress.js';

/** A side that is this busy has nothing left: its own queue is part of the latencies. */
const SATURATED = 0.95;
/** A load that is this late measures itself. */
const LATE_MS = 5;
const US_PER_S = 1e6;

export interface Saturation {
  /** `none, load held up`: the load was late though it had time, so other programs had its core. */
  readonly side: 'server' | 'load' | 'both' | 'none' | 'none, load held up' | 'server not known';
  /** Shares of a core; null: the server's process is unknown. The load's is that of its busiest worker. */
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

/** Columns of a row that knows how busy both sides were. */
export const BUSY: Columns<Pick<Saturation, 'serverBusy' | 'loadBusy'>> = {
  saturated: ({ serverBusy, loadBusy }) => saturationOf(serverBusy, loadBusy, null).side,
  'server busy %': ({ serverBusy }) => percent(serverBusy),
  'load busy %': ({ loadBusy }) => percent(loadBusy),
};

export function reportSaturation(account: Account, saturation: Saturation): void {
  account.rows([saturation], {
    ...BUSY,
    saturated: ({ side }) => side,
    'load lag p99 ms': ({ loadLagP99Ms }) => fixed(2, loadLagP99Ms),
  });
}

/** Columns of a row's latencies, in ms. */
export function latencyColumns<T>(digits: number, of: (row: T) => Latencies): Columns<T> {
  const at = (share: number) => (row: T) => of(row).atMs(share).toFixed(digits);
  return { 'p50 ms': at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

/** The share of all that was due, warm-up included. */
export function deliveredShare({ counts }: Result): number {
  return counts.due === 0 ? 0 : counts.delivered / counts.due;
}

export function deliveriesPerS({ window }: Result): number {
  return window.deliveries / window.seconds;
}

export function entriesPer({ window }: Result, what: 'frames' | 'reads'): string {
  return ((window.deliveries + window.echoes) / window[what]).toFixed(2);
}

export function reportLoad(account: Account, result: Result): void {
  const { counts, latency, window } = result;
  const { delivered, due, ...flaws } = counts;
  account.row({
    deliveries: delivered,
    'per s': deliveriesPerS(result).toFixed(0),
    due,
    'delivered %': percent(deliveredShare(result), 3),
    ...flaws,
  });
  const ms = (share: number): string => latency.atMs(share).toFixed(2);
  const latencies = { p50: ms(0.5), p90: ms(0.9), p99: ms(0.99), 'p99.9': ms(0.999), max: ms(1) };
  account.row({ 'latency, ms': 'from when it was due', ...latencies });
  const cpu = window.serverCpu;
  const us = (seconds: number): string => ((seconds / window.deliveries) * US_PER_S).toFixed(2);
  account.row({
    'server CPU per delivery, us': cpu === null ? '-' : us(cpu.userS + cpu.systemS),
    user: cpu === null ? '-' : us(cpu.userS),
    sys: cpu === null ? '-' : us(cpu.systemS),
    'entries/frame': entriesPer(result, 'frames'),
    'entries/read': entriesPer(result, 'reads'),
  });
  reportSaturation(account, saturationOfResult(result));
}

/** Shows the rate of each interval, and the share delivered so far. */
export function watchLoad(progress: Progress): NonNullable<Parameters<Clients['send']>[1]> {
  let [due, delivered, lastS] = [0, 0, 0];
  return (interval) => {
    due += interval.due;
    delivered += interval.delivered;
    const perS = interval.delivered / Math.max(interval.untilS - lastS, 1e-3);
    lastS = interval.untilS;
    const share = due === 0 ? 1 : Math.min(1, delivered / due);
    progress.show(`${interval.untilS.toFixed(1)} s  ${perS.toFixed(0)} deliveries/s  ${percent(share, 2)} % delivered`);
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
  const p99s = samples.flatMap(({ untilS, p99Ms }): [number, number][] => (p99Ms === null ? [] : [[untilS, p99Ms]]));
  return [
    latencyPlot([['from when it was due', result.latency]]),
    over('Throughput', 'deliveries/s', [
      { name: 'due', points: rates(samples, ({ due }) => due) },
      { name: 'delivered', points: rates(samples, ({ delivered }) => delivered) },
    ]),
    over('Loss', '% of what was due', [{ name: 'lost', points: lossOverTime(result) }]),
    over('Latency over time', 'ms', [{ name: 'p99', points: p99s }]),
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

/** A loss shows when a later message arrives. Losses at the very end show in the last interval. */
function lossOverTime({ samples, counts }: Result): [number, number][] {
  const known = sumOf(samples, ({ missing }) => missing);
  const duePerSample = counts.due / Math.max(1, samples.length);
  return samples.map(({ untilS, due, missing }, i) => {
    const lost = missing + (i === samples.length - 1 ? Math.max(0, counts.lost - known) : 0);
    return [untilS, Math.max(0, (100 * lost) / Math.max(due, duePerSample))];
  });
}
