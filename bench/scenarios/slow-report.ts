/** The table of the scenario slow-readers, and the two promises that are ratios: of medians, with the stall to without. */
import { percentile, type Account, type Cell } from '../account.js';
import type { SlowResult } from './slow-verdict.js';

/** One run of each kind, one after the other. */
export interface Round {
  readonly without: SlowResult;
  readonly withStall: SlowResult;
}

const MAX_P99_RATIO = 1.5;
const MEMORY_FACTOR = 1.5;
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
      (median((each) => each.peakBytes) / MB).toFixed(0),
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

export interface Measured {
  readonly p99Ratio: number;
  /** Of what may fall for who does not keep up, the share that those who read did not get, with the stall. */
  readonly missedShare: number;
  readonly memoryBytes: number;
  readonly memoryBoundBytes: number;
}

export function measure(account: Account, rounds: readonly Round[], slow: number): Measured {
  const median = (read: (round: Round) => number): number => percentile(rounds.map(read), 0.5);
  const p99Ratio = median((each) => each.withStall.p99Ms.others) / median((each) => each.without.p99Ms.others);
  const missedShare = median(({ withStall }) => withStall.missedByOthers / withStall.dueToOthers);
  const memoryBytes = median((each) => each.withStall.peakBytes - each.without.peakBytes);
  const memoryBoundBytes = BOUND_BYTES * slow * MEMORY_FACTOR;
  account.title(
    `p99 of the others, with to without: ${p99Ratio.toFixed(2)} (at most ${MAX_P99_RATIO}); memory above that ` +
      `without: ${(memoryBytes / MB).toFixed(1)} MB (at most ${(memoryBoundBytes / MB).toFixed(0)})`,
  );
  return { p99Ratio, missedShare, memoryBytes, memoryBoundBytes };
}

export function tooMuch({ p99Ratio, missedShare, memoryBytes, memoryBoundBytes }: Measured): string[] {
  return [
    ...(p99Ratio <= MAX_P99_RATIO ? [] : [`the others' p99 was ${p99Ratio.toFixed(2)} x that without the stall`]),
    ...(missedShare <= MAX_MISSED_SHARE
      ? []
      : [`the others missed ${(missedShare * 100).toFixed(2)} % of volatile and latest`]),
    ...(memoryBytes <= memoryBoundBytes ? [] : [`memory rose by ${(memoryBytes / MB).toFixed(0)} MB`]),
  ];
}
