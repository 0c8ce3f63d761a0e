/**
 * `bench:workers`: the CPU time of a delivery at one node, and at several workers of one machine. Both sides keep their
 * state in the same Redis and have the same core, so that only what workers cost is compared. The CPU time is that of all
 * processes of the gateway, the supervisor included.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import * as option from '../cli/options.js';
import { brokenOf, defineScenario } from '../cli/scenario.js';
import { reportRuns, Rounds, type Side } from '../measure/rounds.js';
import { chooseCores } from '../processes/cores.js';
import { withRedis } from '../processes/foreign-server.js';
import { GatewayProcess, UNLIMITED } from '../processes/gateway.js';
import { Backend, type SessionOptions } from '../rest/backend.js';
import { withServer } from '../processes/server-process.js';
import { openSessions, type Crowd } from '../rest/seats.js';
import type { Contender, Target } from './contenders.js';
import { deliveryRunOf, demandPerfect, loadOnce, type DeliveryRun, type Load } from './load-once.js';

/** Each worker knows the others after its second heartbeat. */
const ACQUAINTED_MS = 2_000;
/** The most that the workers may cost, as a ratio to one node. */
const TARGET = 1.05;

export const workers = defineScenario({
  name: 'workers',
  summary: 'the CPU of a delivery at several workers of one machine, to one node',
  options: z.object({
    clients: option.clients(400, 15_000).describe('number of clients of one node'),
    'rooms-of': option.crowdOptions['rooms-of'],
    ...option.rateOption,
    ...option.payloadOption,
    'flush-ms': option.loadOptions['flush-ms'],
    ...option.timeOptions,
    seconds: option.above0().describe('how long each run is measured, in seconds').default(5),
    nodes: option.whole(2, 16).describe('number of workers').default(2),
    repeat: option.whole(1, 1_000).describe('number of rounds').default(5),
    attempts: option.whole(1, 100).describe('most tries of a run while other processes take its cores').default(2),
    ...option.quickOption,
  }),
  quick: { clients: 160, seconds: 1.5, 'warm-up': 0.5, repeat: 1, attempts: 1 },
  async run(given, { account }) {
    const { nodes, repeat: rounds, attempts } = given;
    const load = option.loadOf(given, { phases: 'shuffled' });
    const { rooms, times } = { rooms: load.clients / load.roomsOf, times: nodes * load.clients };
    account.title(`${load.clients} clients in ${rooms} rooms, ${load.payloadBytes} B at ${load.rate} Hz each`);
    const figures = await withBoth(nodes, async (one, several) => {
      const flushMs = given['flush-ms'];
      const alone = side('one node', one, load, flushMs);
      const together = side(`${nodes} workers, together`, several, load, flushMs);
      const each = side(`${nodes} workers, each`, several, { ...load, clients: times }, flushMs);
      const sides = [alone, together, each];
      const all = await Rounds.of(account, { rounds, attempts }, sides);
      const ratioOf = ({ name }: { readonly name: string }): number =>
        all.ratio(name, alone.name, ({ cpuUs }) => cpuUs);
      reportRuns(account, all, 'the clients at', sides, { 'to one': (row) => ratioOf(row).toFixed(3) });
      return { together: ratioOf(together), each: ratioOf(each), isDisturbed: all.isDisturbed };
    });
    const isMet = figures.isDisturbed || figures.each <= TARGET;
    const broken = brokenOf([[isMet, `${nodes} workers cost ${figures.each.toFixed(3)} x one node, over ${TARGET}`]]);
    return { figures, plots: [], broken };
  },
});

type FlushMs = NonNullable<SessionOptions['flush_ms']>;

interface RunningNodes {
  readonly gateway: GatewayProcess;
  readonly backend: Backend;
  readonly count: number;
}

/** Both run all the time, so that neither begins uncompiled; the one that has no load needs about 1 % of the core. */
function withBoth<T>(count: number, use: (one: RunningNodes, several: RunningNodes) => Promise<T>): Promise<T> {
  return withRedis(chooseCores().load, ({ url }) =>
    withNodes(url, 1, (one) =>
      withNodes(url, count, async (several) => {
        await pause(ACQUAINTED_MS);
        return use(one, several);
      }),
    ),
  );
}

function withNodes<T>(redisUrl: string, count: number, use: (nodes: RunningNodes) => Promise<T>): Promise<T> {
  const environment = {
    ...UNLIMITED,
    SALLYPORT_REDIS_URL: redisUrl,
    SALLYPORT_REDIS_PREFIX: `sallyport-bench-${randomBytes(6).toString('hex')}:`,
    SALLYPORT_SECRET: randomBytes(24).toString('hex'),
    SALLYPORT_WORKERS: String(count),
  };
  const gateway = new GatewayProcess({ core: chooseCores().server, environment });
  return withServer(gateway, ({ url }) => use({ gateway, backend: new Backend(url, gateway.key), count }));
}

function side(name: string, nodes: RunningNodes, load: Load, flushMs: FlushMs): Side<DeliveryRun> {
  const contender: Contender = { name, start: (crowd) => seat(nodes, crowd, flushMs) };
  const run = async (): Promise<DeliveryRun> =>
    deliveryRunOf(demandPerfect(contender, await loadOnce(contender, load, chooseCores())));
  return { name, run };
}

/** The rooms are dealt out to the workers in turn, and their clients connect to the home. */
async function seat({ gateway, backend, count }: RunningNodes, crowd: Crowd, flushMs: FlushMs): Promise<Target> {
  const optionsOf = (room: number): SessionOptions => ({
    flush_ms: flushMs,
    ...(count === 1 ? {} : { filters: [onlyAt(1 + (room % count))] }),
  });
  const seats = await openSessions(backend, crowd, optionsOf);
  return { ...seats, wire: 'sallyport', serverPids: [gateway.pid], stop: () => seats.end() };
}

function onlyAt(worker: number): NonNullable<SessionOptions['filters']>[number] {
  return { field: 'worker', values: [String(worker)], filter_type: 'any' };
}
