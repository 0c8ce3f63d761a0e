/** `bench:flush` and `bench:peers` share this: options, contenders by name, and the table of rounds. */
import { join } from 'node:path';
import { z } from 'zod';
import { above0, crowdOptions, crowdOf, messageOptions, phaseList, quickOption, whole } from '../cli/options.js';
import { shareOf } from '../measure/cpu.js';
import { selfTimes } from '../measure/cpu-profile.js';
import { reportRuns, Rounds } from '../measure/rounds.js';
import { serverCpuOf, type Result } from '../load/result.js';
import { chooseCores } from '../processes/cores.js';
import type { Account, Cell } from '../report/account.js';
import { percent } from '../report/load-report.js';
import { bareEngine, sallyport, type Contender } from './contenders.js';
import { deliveryRunOf, demandPerfect, loadOnce, type DeliveryRun, type Load } from './load-once.js';
import { colyseus, nats, socketIo, wsPeer } from './peer-contenders.js';

/** A generator this busy is a part of what is measured. */
const BUSY = 0.95;
const PROFILE_LINES = 15;
const US_PER_S = 1e6;

const CONTENDERS: Readonly<Record<string, Contender>> = {
  bare: bareEngine,
  auto: sallyport('auto'),
  '2': sallyport(2),
  '0': sallyport(0),
  reliable: sallyport('auto', 'reliable'),
  nats,
  ws: wsPeer,
  'socket.io': socketIo(false),
  'socket.io-uws': socketIo(true),
  colyseus: colyseus(false),
  'colyseus-uws': colyseus(true),
};

export const comparisonOptions = z.object({
  clients: whole(2, 15_000).describe('how many connect').default(1_600),
  'rooms-of': crowdOptions['rooms-of'],
  rate: above0().describe('messages a second of each client').default(20),
  payload: messageOptions.payload,
  seconds: above0().describe('how long each run is measured').default(5),
  'warm-up': z.coerce.number().min(0).describe('seconds of traffic before that').default(2),
  repeat: whole(1, 1_000).describe('how many rounds').default(3),
  attempts: whole(1, 100).describe('how often a run is made at most while other processes take its cores').default(3),
  phases: phaseList().describe("when one room's members send, to each other: one table each"),
  only: contenderList('bare,auto,2,0'),
  ...quickOption,
});

export const QUICK = { clients: 400, seconds: 2, 'warm-up': 0.5, repeat: 1, attempts: 1 };

export function contenderList(fallback: string) {
  const known = Object.keys(CONTENDERS);
  return z
    .string()
    .refine((text) => text.split(',').every((name) => name in CONTENDERS), `knows only ${known.join(', ')}`)
    .describe(`which contenders, of ${known.join(',')}`)
    .default(fallback);
}

export type Compared = z.output<typeof comparisonOptions>;

export function contendersOf({ only }: Pick<Compared, 'only'>): readonly Contender[] {
  return only.split(',').flatMap((name) => CONTENDERS[name] ?? []);
}

export function loadOf(given: Compared, phases: Load['phases']): Load {
  const { rate, payload: payloadBytes, 'warm-up': warmUpS, seconds } = given;
  return { ...crowdOf(given), rate, payloadBytes, warmUpS, seconds, phases };
}

/** Every contender at that load, in rounds; prints the table. With a `profileDir` the servers are profiled. */
export async function compare(
  account: Account,
  { repeat, attempts, ...given }: Compared,
  load: Load,
  { isStrict, profileDir = null }: { readonly isStrict: boolean; readonly profileDir?: string | null },
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
      const result = await loadOnce(contender, load, cores, { nodeFlags });
      return deliveryRunOf(isStrict ? demandPerfect(contender, result) : result);
    },
  }));
  const rounds = await Rounds.of(account, { rounds: repeat, attempts }, sides);
  reportDeliveries(account, rounds, contenders);
  if (profileDir !== null) for (const { name } of contenders) reportProfile(account, rounds, name, dirOf(name));
  return rounds;
}

function reportDeliveries(account: Account, rounds: Rounds<DeliveryRun>, contenders: readonly Contender[]): void {
  const cell = (digits: number, of: (result: Result) => number) => (name: string) =>
    rounds.median(name, ({ result }) => of(result)).toFixed(digits);
  reportRuns(account, rounds, 'deliveries', contenders, {
    user: cell(2, (each) => (serverCpuOf(each).userS / each.window.deliveries) * US_PER_S),
    sys: cell(2, (each) => (serverCpuOf(each).systemS / each.window.deliveries) * US_PER_S),
    'to bare': (name) => ratioToBare(rounds, name),
    'delivered %': cell(3, ({ counts }) => (100 * counts.delivered) / counts.due),
    'entries/frame': cell(2, ({ window }) => (window.deliveries + window.echoes) / window.frames),
    'entries/read': cell(2, ({ window }) => (window.deliveries + window.echoes) / window.reads),
    'load lag p99 ms': cell(2, ({ lagMs }) => lagMs.p99),
  });
  const runs = contenders.flatMap(({ name }) => rounds.runsOf(name));
  const busiest = Math.max(...runs.map(({ result: { window } }) => shareOf(window.loadCpu, window.seconds)));
  if (busiest <= BUSY) return;
  account.title(`The load generator was ${percent(busiest)} % busy in a run: a part of the latencies is its own.`);
}

/** In parentheses when something disturbed one of the two in every round: the ratio means nothing then. */
function ratioToBare(rounds: Rounds<DeliveryRun>, name: string): Cell {
  if (rounds.runsOf(bareEngine.name).length === 0) return '-';
  const text = rounds.ratio(name, bareEngine.name, ({ cpuUs }) => cpuUs).toFixed(2);
  return rounds.isFair(name, bareEngine.name) ? text : `(${text})`;
}

/** In which functions the window of the last round's run was spent. */
function reportProfile(account: Account, rounds: Rounds<DeliveryRun>, name: string, dir: string): void {
  const window = rounds.runsOf(name).at(-1)?.result.window;
  if (window === undefined) return;
  account.title(`${name} (profiles in ${dir})`);
  const rows = selfTimes(dir, window.startUs, window.endUs, PROFILE_LINES);
  account.table(
    ['function', 'self %'],
    rows.map((each): Cell[] => [each.name, percent(each.share)]),
  );
}
