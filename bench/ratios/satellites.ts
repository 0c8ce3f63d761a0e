/**
 * The cost of members at a satellite. Two gateways on one Redis share a core with it, and all sessions have their home at
 * the first gateway. The sides differ only in how many clients connect to the second one.
 */
import { randomBytes } from 'node:crypto';
import { endpointOf } from '../client/dial.js';
import type { Contender } from '../contenders/contenders.js';
import { deliveryRunOf, demandPerfect, loadOnce, type DeliveryRun, type Load } from '../contenders/load-once.js';
import { reportRuns, Rounds } from '../measure/rounds.js';
import { scrape } from '../measure/scrape.js';
import { median } from '../measure/statistics.js';
import { chooseCores } from '../processes/cores.js';
import { withRedis } from '../processes/foreign-server.js';
import { UNLIMITED, withGateway, type RunningGateway } from '../processes/gateway.js';
import type { Account } from '../report/account.js';
import { Backend } from '../rest/backend.js';
import { openSessions } from '../rest/seats.js';
import { loadOf } from './deliveries.js';
import type { Effort, Figure, Ratio } from './ratio.js';

/** The busy load leaves room for both gateways and Redis on one core. At the light one no link gathers. */
const CLIENTS = { busy: 800, short: 400, light: 24 };
const RATE = 20;
const MOST_CPU = 1.6;
const MOST_ROUND_TRIPS = 2;
const [NEAR, HALF, FAR] = ['all at the home', 'half at a satellite', 'all at a satellite'] as const;

interface Pair {
  readonly home: RunningGateway;
  readonly satellite: RunningGateway;
  readonly redisPid: number;
}

interface PairRun extends DeliveryRun {
  readonly segmentsPerFlush: number;
  /** From a publish of the home until Redis has brought it back; 0 unless asked for. */
  readonly roundTripMs: number;
}

export const satellites: Ratio = {
  name: 'satellites',
  summary: 'CPU of a delivery with half of each room at a satellite, both nodes and Redis, to all members at the home',
  measure: (account, effort) =>
    withPair(async (pair) => {
      const busy = loadOf(effort.isShort ? CLIENTS.short : CLIENTS.busy, RATE, effort);
      const cost = await compare(account, effort, pair, busy, [NEAR, HALF]);
      const value = cost.ratio(HALF, NEAR, ({ cpuUs }) => cpuUs);
      const common = { better: 'lower', isDisturbed: cost.isDisturbed } as const;
      const segments = cost.median(HALF, ({ segmentsPerFlush }) => segmentsPerFlush);
      const light = await compare(account, effort, pair, loadOf(CLIENTS.light, RATE, effort), [NEAR, HALF, FAR]);
      return [
        { name: 'satellites: CPU of a delivery to local', value, target: MOST_CPU, ...common },
        { name: 'satellites: bus messages per flush', value: segments, target: 1, ...common },
        ...[HALF, FAR].map((name) => roundTrips(light, name)),
      ];
    }),
};

function withPair<T>(use: (pair: Pair) => Promise<T>): Promise<T> {
  const common = {
    ...UNLIMITED,
    SALLYPORT_REDIS_PREFIX: `sallyport-bench-${randomBytes(6).toString('hex')}:`,
    SALLYPORT_SECRET: randomBytes(24).toString('hex'),
  };
  const labelled = { ...common, SALLYPORT_NODE_LABELS: 'role=home' };
  return withRedis(chooseCores().server, ({ url, pid: redisPid }) =>
    withGateway(
      url,
      (home) => withGateway(url, (satellite) => use({ home, satellite, redisPid }), { environment: common }),
      { environment: labelled },
    ),
  );
}

/** Clients with these places in their room connect to the satellite. */
const IS_FAR: Readonly<Record<string, (client: number) => boolean>> = {
  [NEAR]: () => false,
  [HALF]: (client) => client % 2 === 1,
  [FAR]: () => true,
};

function contenderAt({ home, satellite, redisPid }: Pair, name: string): Contender {
  return {
    name,
    async start(crowd) {
      const filters = [{ field: 'role', values: ['home'], filter_type: 'any' }];
      const seats = await openSessions(new Backend(home.url, home.key), crowd, { flush_ms: 'auto', filters });
      const endpoints = seats.handshakes.map((_, i) =>
        endpointOf(IS_FAR[name]?.(i) === true ? satellite.url : home.url),
      );
      const serverPids = [home.pid, satellite.pid, redisPid];
      return { ...seats, endpoints, wire: 'sallyport', serverPids, stop: () => seats.end() };
    },
  };
}

async function compare(
  account: Account,
  effort: Effort,
  pair: Pair,
  load: Load,
  names: readonly string[],
): Promise<Rounds<PairRun>> {
  account.step(`${load.clients} clients in rooms of ${load.roomsOf}, ${load.payloadBytes} B at ${load.rate} Hz each`);
  const isLight = load.clients === CLIENTS.light;
  const sides = names.map((name) => ({ name, run: () => runOf(pair, contenderAt(pair, name), load, isLight) }));
  const rounds = await Rounds.of(account, effort, sides);
  const cell = (of: (run: PairRun) => number) => (row: { readonly name: string }) =>
    rounds.median(row.name, of).toFixed(2);
  reportRuns(account, rounds, 'deliveries', sides, {
    'segments/flush': cell(({ segmentsPerFlush }) => segmentsPerFlush),
    'round trip ms': cell(({ roundTripMs }) => roundTripMs),
  });
  return rounds;
}

/** `isTimed`: the run asks the home for its round trip again and again, which costs the home some CPU time. */
async function runOf({ home }: Pair, contender: Contender, load: Load, isTimed: boolean): Promise<PairRun> {
  const asked: Promise<number>[] = [];
  const onInterval = (): void => {
    if (isTimed) asked.push(scrape(home.url).then((metrics) => 1000 * (metrics.get('bus_lag_seconds') ?? Number.NaN)));
  };
  const before = await scrape(home.url);
  const result = demandPerfect(contender, await loadOnce(contender, load, chooseCores(), { onInterval }));
  const after = await scrape(home.url);
  const counted = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  const segmentsPerFlush = counted('link_segments_total') / counted('batches_out_total');
  const roundTripMs = median(await Promise.all(asked), (ms) => ms);
  return { ...deliveryRunOf(result), segmentsPerFlush, roundTripMs };
}

/** How much later the median delivery comes, in round trips of Redis. */
function roundTrips(rounds: Rounds<PairRun>, name: string): Figure {
  const p50Ms = (side: string): number => rounds.median(side, (run) => run.p50Ms);
  const value = (p50Ms(name) - p50Ms(NEAR)) / rounds.median(name, ({ roundTripMs }) => roundTripMs);
  const { isDisturbed } = rounds;
  return {
    name: `satellites, ${name}: p50 over local, in round trips of Redis`,
    value,
    better: 'lower',
    target: MOST_ROUND_TRIPS,
    isDisturbed,
  };
}
