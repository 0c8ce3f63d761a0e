/** The rules of the scenario slow-readers, its table, and its bounds on medians: with the stall to without. */
import { brokenOf } from '../../cli/scenario.js';
import { MB } from '../../measure/memory.js';
import { median } from '../../measure/statistics.js';
import { percent, type Account } from '../../report/account.js';
import type { SlowResult } from './slow-run.js';

/** One run of each kind, one after the other. */
export interface Round {
  readonly without: SlowResult;
  readonly withStall: SlowResult;
}

const MAX_P99_RATIO = 1.5;
const MEMORY_FACTOR = 1.5;
/** A share of a core. Above it messages queue for the processor, and the ratio no longer tells why. */
const MAX_CPU = 0.6;
/** On a machine that is busy otherwise, any reader can be slow for a moment. */
const MAX_MISSED_SHARE = 0.001;
/** The default of SALLYPORT_MAX_BACKPRESSURE_BYTES: the most that waits for one socket. */
const BOUND_BYTES = 4_194_304;

/** Correctness: it holds on every machine, however busy. */
export function brokenBy(result: SlowResult, isStalling: boolean, slow: number): string[] {
  const { flaws, planned, sent, problems, missedByOthers, fellBehind, closed } = result;
  const counted = result.volatileDropped + result.latestConflated;
  return brokenOf([
    [sent === planned, `${sent} of ${planned} messages were sent`],
    [Object.values(flaws).every((count) => count === 0), `delivery was not exact: ${JSON.stringify(flaws)}`],
    [result.disorderedRooms === 0, `${result.disorderedRooms} rooms numbered a sender's messages out of order`],
    [missedByOthers <= counted, `readers missed ${missedByOthers} entries, the gateway counted ${counted}`],
    [result.slow.stale === 0, `${result.slow.stale} newest values never reached a slow reader`],
    [!isStalling || fellBehind >= slow, `only ${fellBehind} of ${slow} slow readers fell behind`],
    [isStalling || closed + result.slow.gaps === 0, `${closed} closes, though all players read`],
    [problems.length === 0, problems.slice(0, 5).join('; ')],
  ]);
}

export function report(account: Account, rounds: readonly Round[]): void {
  const kinds = [
    { name: 'without', of: rounds.map(({ without }) => without) },
    { name: 'with', of: rounds.map(({ withStall }) => withStall) },
  ];
  const show = (read: (result: SlowResult) => number, text: (value: number) => string = String) => {
    return ({ of }: (typeof kinds)[number]): string => text(median(of, read));
  };
  const ms = (value: number): string => value.toFixed(2);
  const share = (value: number): string => `${percent(value)} %`;
  account.rows(kinds, {
    medians: ({ name }) => name,
    'p50, ms': show((each) => each.p50Ms.others, ms),
    p99: show((each) => each.p99Ms.others, ms),
    'p99 roommates': show((each) => each.p99Ms.roommates, ms),
    bystanders: show((each) => each.p99Ms.bystanders, ms),
    'p99 after': show((each) => each.p99Ms.after, ms),
    'send lag p99': show((each) => each.lagP99Ms, ms),
    'memory, MB': show((each) => each.peakBytes, inMb),
    'gateway CPU': show((each) => each.strain.gatewayCpu, share),
    'load CPU': show((each) => each.strain.loadCpu, share),
    waited: show((each) => each.strain.waited, share),
    'gateway GC': show((each) => each.strain.gatewayGc, share),
    'fell behind': show((each) => each.fellBehind),
    'closed 4101': show((each) => each.closed),
    gaps: show((each) => each.slow.gaps),
    named: show((each) => each.slow.namedByGaps),
    dropped: show((each) => each.volatileDropped),
    conflated: show((each) => each.latestConflated),
    'missed by others': show((each) => each.missedByOthers),
  });
}

export function inMb(bytes: number): string {
  return (bytes / MB).toFixed(0);
}

export type Measured = ReturnType<typeof measure>;

export function measure(account: Account, rounds: readonly Round[], slow: number) {
  const p99Ratio =
    median(rounds, (each) => each.withStall.p99Ms.others) / median(rounds, (each) => each.without.p99Ms.others);
  /** The share of volatile and latest entries that readers did not get, with the stall. */
  const missedShare = median(rounds, ({ withStall }) => withStall.missedByOthers / withStall.dueToOthers);
  const memoryBytes = median(rounds, (each) => each.withStall.peakBytes - each.without.peakBytes);
  const memoryBoundBytes = BOUND_BYTES * slow * MEMORY_FACTOR;
  const cpuOf = (read: (result: SlowResult) => number): number =>
    Math.max(
      median(rounds, ({ without }) => read(without)),
      median(rounds, ({ withStall }) => read(withStall)),
    );
  const cpu = { gateway: cpuOf(({ strain }) => strain.gatewayCpu), load: cpuOf(({ strain }) => strain.loadCpu) };
  account.title(
    `p99 of the others, with to without: ${p99Ratio.toFixed(2)} (at most ${MAX_P99_RATIO}); memory above that ` +
      `without: ${(memoryBytes / MB).toFixed(1)} MB (at most ${inMb(memoryBoundBytes)}); of a core the gateway ` +
      `used ${percent(cpu.gateway)} %, the load ${percent(cpu.load)} % (at most ${percent(MAX_CPU)} %)`,
  );
  return { p99Ratio, missedShare, memoryBytes, memoryBoundBytes, cpu };
}

export function tooMuch({ p99Ratio, missedShare, memoryBytes, memoryBoundBytes, cpu }: Measured): string[] {
  return brokenOf([
    [p99Ratio <= MAX_P99_RATIO, `the others' p99 was ${p99Ratio.toFixed(2)} x that without the stall`],
    [missedShare <= MAX_MISSED_SHARE, `the others missed ${percent(missedShare, 2)} % of volatile and latest`],
    [memoryBytes <= memoryBoundBytes, `memory rose by ${inMb(memoryBytes)} MB`],
    [cpu.gateway <= MAX_CPU, `the gateway was saturated: ${percent(cpu.gateway)} % of its core`],
    [cpu.load <= MAX_CPU, `the load was saturated: ${percent(cpu.load)} % of its core`],
  ]);
}
