/** The tables of `bench:flush`, and what it holds against a run. */
import { percentile, type Account, type Cell } from '../report/account.js';
import { bareEngine } from './contenders.js';
import { selfTimes } from '../measure/cpu-profile.js';
import { shareOf } from '../measure/cpu.js';
import { serverCpuOf, type Result } from '../load/result.js';
import { isUndisturbed, robbedShare, type Round } from './rounds.js';

const US_PER_S = 1e6;
const PROFILE_LINES = 15;
/** A generator that is this busy is a part of what is measured. */
const BUSY = 0.95;

const HEAD = [
  'server CPU per delivery',
  'us',
  'user',
  'sys',
  'to bare',
  'p50 ms',
  'p99 ms',
  'delivered %',
  'deliveries/s',
  'entries/frame',
  'entries/read',
  'server busy %',
  'load busy %',
  'load lag p99 ms',
  'robbed %',
  'undisturbed',
];

/** null when every delivery came once and in order, and nothing else was wrong. */
export function complain({ counts, problems }: Result): string | null {
  const { lost, doubled, disordered, damaged } = counts;
  const flaws = Object.entries({ lost, doubled, disordered, damaged }).filter(([, count]) => count !== 0);
  const all = [...flaws.map(([name, count]) => `${count} ${name}`), ...problems];
  return all.length === 0 ? null : all.join(', ');
}

/** A table of what a delivery cost each contender, and how long it took. */
export function reportCosts(account: Account, rounds: readonly Round[]): void {
  const names = [...(rounds[0]?.keys() ?? [])];
  account.table(
    HEAD,
    names.map((name) => [name, ...costCells(rounds, name)]),
  );
  const busiest = Math.max(...rounds.flatMap((round) => [...round.values()].map(loadShare)));
  if (busiest > BUSY) {
    account.title(`The load generator was ${percent(busiest)} % busy in a run: latencies are its own in part.`);
  }
}

/** Where the window of the last round's runs went. */
export function reportProfile(account: Account, rounds: readonly Round[], dirOf: (name: string) => string): void {
  for (const [name, { window }] of rounds.at(-1) ?? []) {
    const dir = dirOf(name);
    account.title(`${name} (profiles in ${dir})`);
    const rows = selfTimes(dir, window.startUs, window.endUs, PROFILE_LINES).map((each): Cell[] => [
      each.name,
      percent(each.share),
    ]);
    account.table(['function', 'self %'], rows);
  }
}

function costCells(rounds: readonly Round[], name: string): Cell[] {
  const all = rounds.flatMap((round) => round.get(name) ?? []);
  const calm = all.filter(isUndisturbed);
  const results = calm.length > 0 ? calm : all;
  const median = (of: (result: Result) => number): number => percentile(results.map(of), 0.5);
  return [
    median(costUs).toFixed(2),
    median((each) => (serverCpuOf(each).userS / each.window.deliveries) * US_PER_S).toFixed(2),
    median((each) => (serverCpuOf(each).systemS / each.window.deliveries) * US_PER_S).toFixed(2),
    ratioToBare(rounds, name),
    median((each) => each.latencyMs.p50).toFixed(2),
    median((each) => each.latencyMs.p99).toFixed(2),
    median((each) => (100 * each.counts.delivered) / each.counts.due).toFixed(3),
    median((each) => each.window.deliveries / each.window.seconds).toFixed(0),
    median((each) => (each.window.deliveries + each.window.echoes) / each.window.frames).toFixed(2),
    median((each) => (each.window.deliveries + each.window.echoes) / each.window.reads).toFixed(2),
    percent(median((each) => shareOf(serverCpuOf(each), each.window.seconds))),
    percent(median(loadShare)),
    median((each) => each.lagMs.p99).toFixed(2),
    percent(median(robbedShare)),
    `${calm.length}/${all.length}`,
  ];
}

/** In parentheses when not one round had both runs undisturbed: it means nothing then. */
function ratioToBare(rounds: readonly Round[], name: string): Cell {
  const ratios = rounds.flatMap((round) => {
    const [own, bare] = [round.get(name), round.get(bareEngine.name)];
    if (own === undefined || bare === undefined) return [];
    return { ratio: costUs(own) / costUs(bare), isFair: isUndisturbed(own) && isUndisturbed(bare) };
  });
  const fair = ratios.filter(({ isFair }) => isFair);
  if (ratios.length === 0) return '-';
  const counted = fair.length > 0 ? fair : ratios;
  const text = percentile(
    counted.map(({ ratio }) => ratio),
    0.5,
  ).toFixed(2);
  return fair.length > 0 ? text : `(${text})`;
}

function costUs(result: Result): number {
  return shareOf(serverCpuOf(result), result.window.deliveries) * US_PER_S;
}

function loadShare({ window }: Result): number {
  return shareOf(window.loadCpu, window.seconds);
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}
