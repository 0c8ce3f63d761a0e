/** The table of the scenario slow-readers, and the two promises that are ratios: of medians, with the stall to without. */
import { percentile, type Account, type Cell } from '../../report/account.js';
import type { SlowResult } from './slow-verdict.js';

/** One run of each kind, one after the other. */
export interface Round {
  readonly without: SlowResult;
  readonly withStall: SlowResult;
}

const MAX_P99_RATIO = 1.5;
const MEMORY_FACTOR = 1.5;
/** Of a core. Above it messages queue for the processor, and the ratio says how much rather than why. */
const MAX_CPU = 0.6;
/** A machine that is busy with something else makes a slow reader of anybody for a moment. */
const MAX_MISSED_SHARE = 0.001;
/** The default of SALLYPORT_MAX_BACKPRESSURE_BYTES: what may wait for one socket. */
const BOUND_BYTES = 4_194_304;
const MB = 1024 * 1024;

export function report(account: Account, rounds: readonly Round[]): void {
  const row = (name: string, of: readonly SlowResult[]): Cell[] => {
    const median = (read: (result: SlowResult) => number): number => percentile(of.map(read), 0.5);
    return [
      name,
      median((each) => each.p50Ms.others).toFixed(2),
      median((each) => each.p99Ms.others).toFixed(2),
      median((each) => each.p99Ms.roommates).toFixed(2),
      median((each) => each.p99Ms.bystanders).toFixed(2),
      median((each) => each.p99Ms.after).toFixed(2),
      median((each) => each.lagP99Ms).toFixed(2),
      inMb(median((each) => each.peakBytes)),
      percent(median((each) => each.strain.gatewayCpu)),
      percent(median((each) => each.strain.loadCpu)),
      percent(median((each) => each.strain.waited)),
      percent(median((each) => each.strain.gatewayGc)),
      median((each) => each.fellBehind),
      median((each) => each.closed),
      median((each) => each.slow.gaps),
      median((each) => each.slow.namedByGaps),
      median((each) => each.volatileDropped),
      median((each) => each.latestConflated),
      median((each) => each.missedByOthers),
    ];
  };
  account.table(
    [
      'medians',
      'p50, ms',
      'p99',
      'p99 roommates',
      'bystanders',
      'p99 after',
      'send lag p99',
      'memory, MB',
      'gateway CPU',
      'load CPU',
      'waited',
      'gateway GC',
      'fell behind',
      'closed 4101',
      'gaps',
      'named',
      'dropped',
      'conflated',
      'missed by others',
    ],
    [
      row(
        'without',
        rounds.map(({ without }) => without),
      ),
      row(
        'with',
        rounds.map(({ withStall }) => withStall),
      ),
    ],
  );
}

export function inMb(bytes: number): string {
  return (bytes / MB).toFixed(0);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

export interface Measured {
  readonly p99Ratio: number;
  /** Of what may fall for who does not keep up, the share that those who read did not get, with the stall. */
  readonly missedShare: number;
  readonly memoryBytes: number;
  readonly memoryBoundBytes: number;
  /** The more of both kinds of runs. */
  readonly cpu: { readonly gateway: number; readonly load: number };
}

export function measure(account: Account, rounds: readonly Round[], slow: number): Measured {
  const median = (read: (round: Round) => number): number => percentile(rounds.map(read), 0.5);
  const p99Ratio = median((each) => each.withStall.p99Ms.others) / median((each) => each.without.p99Ms.others);
  const missedShare = median(({ withStall }) => withStall.missedByOthers / withStall.dueToOthers);
  const memoryBytes = median((each) => each.withStall.peakBytes - each.without.peakBytes);
  const memoryBoundBytes = BOUND_BYTES * slow * MEMORY_FACTOR;
  const cpuOf = (read: (result: SlowResult) => number): number =>
    Math.max(
      median(({ without }) => read(without)),
      median(({ withStall }) => read(withStall)),
    );
  const cpu = { gateway: cpuOf(({ strain }) => strain.gatewayCpu), load: cpuOf(({ strain }) => strain.loadCpu) };
  account.title(
    `p99 of the others, with to without: ${p99Ratio.toFixed(2)} (at most ${MAX_P99_RATIO}); memory above that ` +
      `without: ${(memoryBytes / MB).toFixed(1)} MB (at most ${inMb(memoryBoundBytes)}); of a core ` +
      `the gateway used ${percent(cpu.gateway)}, the load ${percent(cpu.load)} (at most ${percent(MAX_CPU)})`,
  );
  return { p99Ratio, missedShare, memoryBytes, memoryBoundBytes, cpu };
}

export function tooMuch({ p99Ratio, missedShare, memoryBytes, memoryBoundBytes, cpu }: Measured): string[] {
  return [
    ...(p99Ratio <= MAX_P99_RATIO ? [] : [`the others' p99 was ${p99Ratio.toFixed(2)} x that without the stall`]),
    ...(missedShare <= MAX_MISSED_SHARE
      ? []
      : [`the others missed ${(missedShare * 100).toFixed(2)} % of volatile and latest`]),
    ...(memoryBytes <= memoryBoundBytes ? [] : [`memory rose by ${inMb(memoryBytes)} MB`]),
    ...(cpu.gateway <= MAX_CPU ? [] : [`the gateway was saturated: ${percent(cpu.gateway)} of its core`]),
    ...(cpu.load <= MAX_CPU ? [] : [`the load was saturated: ${percent(cpu.load)} of its core`]),
  ];
}
