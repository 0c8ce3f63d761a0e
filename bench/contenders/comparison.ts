/**
 * `bench:flush` and `bench:peers`: contenders at equal load, one after the other, each in a new process, in rounds. The
 * table shows medians, and the median of the rounds' ratios to the bare engine. A disturbed run counts only if all were.
 *
 * The server has one core, the load the other. The CPU time is that of the server's process in the measured window: user
 * and system, all threads. Each client sends at its own phase of the period (bench/load/schedule.ts). The phases of a
 * room decide how much there is to gather, so `--phases` takes several, one table for each.
 */
import { join } from 'node:path';
import { z } from 'zod';
import * as option from '../cli/options.js';
import { defineScenario } from '../cli/scenario.js';
import { serverCpuOf, type Result } from '../load/result.js';
import { selfTimes } from '../measure/cpu-profile.js';
import { reportRuns, Rounds } from '../measure/rounds.js';
import { chooseCores } from '../processes/cores.js';
import { percent, type Account } from '../report/account.js';
import { deliveredShare, entriesPer } from '../report/load-report.js';
import { findCapacities, reportCapacities } from './capacity-search.js';
import { bareEngine, CONTENDERS, requirePeers, type Contender } from './contenders.js';
import { deliveryRunOf, demandPerfect, loadOnce, type DeliveryRun, type Load } from './load-once.js';

/** The latencies of a load that is this busy contain its own. */
const BUSY = 0.95;
const PROFILE_LINES = 15;
const US_PER_S = 1e6;
const QUICK = { clients: 400, seconds: 2, 'warm-up': 0.5, repeat: 1, attempts: 1 };

function contenderList(fallback: string) {
  const known = Object.keys(CONTENDERS);
  return z
    .string()
    .refine((text) => text.split(',').every((name) => name in CONTENDERS), `knows only ${known.join(', ')}`)
    .describe(`comma list of contenders, from ${known.join(',')}`)
    .default(fallback);
}

const options = z.object({
  clients: option.clients(1_600, 15_000),
  'rooms-of': option.crowdOptions['rooms-of'],
  ...option.rateOption,
  ...option.payloadOption,
  ...option.timeOptions,
  seconds: option.above0().describe('how long each run is measured, in seconds').default(5),
  repeat: option.whole(1, 1_000).describe('number of rounds').default(3),
  attempts: option.whole(1, 100).describe('most tries of a run while other processes take its cores').default(3),
  phases: option.phaseList(),
  only: contenderList('bare,auto,2,0'),
  ...option.quickOption,
});

type Compared = z.output<typeof options>;

export const flush = defineScenario({
  name: 'flush',
  summary: 'the cost of a delivery by flush_ms, compared with the bare engine',
  options: options.extend({
    profile: z
      .string()
      .min(1)
      .describe('folder for CPU profiles of the servers; profiling costs time, so do not quote ratios of such a run')
      .optional(),
  }),
  quick: QUICK,
  async run(given, { account }) {
    const tables: Record<string, object> = {};
    for (const phases of given.phases) {
      const load = option.loadOf(given, { phases });
      tables[phases] = await compare(account, given, load, demandPerfect, given.profile);
    }
    account.title('Every delivery of every run came once and in order.');
    return { figures: { tables }, plots: [], broken: [] };
  },
});

/** The peers are what users would pick instead. Their package.json is in bench/peers; NATS is Debian's nats-server. */
export const peers = defineScenario({
  name: 'peers',
  summary: 'the cost of a delivery and the capacity, compared with other servers',
  options: options.extend({
    clients: option.clients(400, 15_000),
    phases: option.phaseList('shuffled'),
    only: contenderList('bare,auto,0,nats,ws,socket.io,socket.io-uws,colyseus,colyseus-uws'),
    'no-capacity': z.boolean().describe('only the first table').default(false),
  }),
  quick: QUICK,
  async run(given, { account }) {
    requirePeers();
    const tables: Record<string, object> = {};
    for (const phases of given.phases) {
      const load = option.loadOf(given, { phases });
      const deliveries = await compare(account, given, load);
      tables[phases] = { deliveries };
      if (given['no-capacity']) continue;
      account.title(`capacity: p99 within 25 ms and 99.9 % delivered (${phases})`);
      const found = await findCapacities(account, contendersOf(given), load, chooseCores());
      reportCapacities(account, found);
      tables[phases] = { deliveries, capacities: Object.fromEntries(found) };
    }
    return { figures: { tables }, plots: [], broken: [] };
  },
});

function contendersOf({ only }: Compared): readonly Contender[] {
  return only.split(',').flatMap((name) => CONTENDERS[name] ?? []);
}

/** Every contender at that load, in rounds; prints the table. With a `profileDir` the servers are profiled. */
async function compare(
  account: Account,
  given: Compared,
  load: Load,
  judge: typeof demandPerfect = (_contender, result) => result,
  profileDir: string | null = null,
): Promise<Rounds<DeliveryRun>> {
  const contenders = contendersOf(given);
  const { clients, roomsOf, rate, payloadBytes, phases } = load;
  account.title(
    `${clients} clients in rooms of ${roomsOf}, ${payloadBytes} B at ${rate} Hz each (${phases}): ` +
      `${clients * rate * (roomsOf - 1)} deliveries/s due, ${load.seconds} s measured after ${load.warmUpS} s`,
  );
  const cores = chooseCores();
  if (cores.server === null) account.step('server and load share the cores: to part them takes taskset and two cores');
  const dirOf = (name: string): string => join(profileDir ?? '', name.replaceAll(' ', '-'));
  const sides = contenders.map((contender) => ({
    name: contender.name,
    async run() {
      const nodeFlags = profileDir === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${dirOf(contender.name)}`];
      return deliveryRunOf(judge(contender, await loadOnce(contender, load, cores, { nodeFlags })));
    },
  }));
  const rounds = await Rounds.of(account, { rounds: given.repeat, attempts: given.attempts }, sides);
  reportDeliveries(account, rounds, contenders);
  if (profileDir !== null) for (const { name } of contenders) reportProfile(account, rounds, name, dirOf(name));
  return rounds;
}

function reportDeliveries(account: Account, rounds: Rounds<DeliveryRun>, contenders: readonly Contender[]): void {
  const cell =
    (digits: number, of: (result: Result) => number) =>
    ({ name }: { readonly name: string }) =>
      rounds.median(name, ({ result }) => of(result)).toFixed(digits);
  reportRuns(account, rounds, 'deliveries', contenders, {
    user: cell(2, (each) => (serverCpuOf(each).userS / each.window.deliveries) * US_PER_S),
    sys: cell(2, (each) => (serverCpuOf(each).systemS / each.window.deliveries) * US_PER_S),
    'to bare': ({ name }) => ratioToBare(rounds, name),
    'delivered %': cell(3, (each) => 100 * deliveredShare(each)),
    'entries/frame': cell(2, (each) => Number(entriesPer(each, 'frames'))),
    'entries/read': cell(2, (each) => Number(entriesPer(each, 'reads'))),
    'load lag p99 ms': cell(2, ({ lagMs }) => lagMs.p99),
  });
  const runs = contenders.flatMap(({ name }) => rounds.runsOf(name));
  const busiest = Math.max(...runs.map(({ loadBusy }) => loadBusy));
  if (busiest <= BUSY) return;
  account.title(`The load generator was ${percent(busiest)} % busy in a run: part of the latencies is its own.`);
}

/** In parentheses when something disturbed one of the two in every round: the ratio then means nothing. */
function ratioToBare(rounds: Rounds<DeliveryRun>, name: string): string {
  if (rounds.runsOf(bareEngine.name).length === 0) return '-';
  const text = rounds.ratio(name, bareEngine.name, ({ cpuUs }) => cpuUs).toFixed(2);
  return rounds.isFair(name, bareEngine.name) ? text : `(${text})`;
}

/** The functions in which the last round's run spent the window. */
function reportProfile(account: Account, rounds: Rounds<DeliveryRun>, name: string, dir: string): void {
  const window = rounds.runsOf(name).at(-1)?.result.window;
  if (window === undefined) return;
  account.title(`${name} (profiles in ${dir})`);
  account.rows(selfTimes(dir, window.startUs, window.endUs, PROFILE_LINES), {
    function: (each) => each.name,
    'self %': ({ share }) => percent(share),
  });
}
