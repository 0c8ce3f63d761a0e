/**
 * Connects with credential check and join, beside upgrades of the bare engine by the same client. There a client has
 * joined when its handshake is answered, here when it has read its welcome. One client makes no more connects than the
 * bare engine handles with time to spare, so its rate is the load's: the CPU of a connect is what counts.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { bareEngine } from '../contenders/contenders.js';
import { Clients } from '../load/clients.js';
import type { Job } from '../load/job.js';
import { BusyWatch } from '../measure/busy-watch.js';
import { reportRuns, Rounds, type ServerRun } from '../measure/rounds.js';
import { demand } from '../processes/changes.js';
import { chooseCores, moveToCore } from '../processes/cores.js';
import { withRedis } from '../processes/foreign-server.js';
import { UNLIMITED, withGateway } from '../processes/gateway.js';
import type { Account } from '../report/account.js';
import { Backend } from '../rest/backend.js';
import { openSessions, type Crowd, type Seats } from '../rest/seats.js';
import { rateFigures, type Figure, type Ratio } from './ratio.js';

const CLIENTS = { full: 8_000, short: 3_200 };
const ROOMS_OF = 8;
const AT_ONCE = 200;
const TO_BARE = 0.4;
const PER_S_ON_REDIS = 5_000;
const MEMORY = 'Sallyport, memory';
const REDIS = 'Sallyport, Redis';
const BARE = 'bare engine';
const CALM_MS = 100;
/** The clock of CPU time ticks every 10 ms. */
const CALM_SHARE = 0.15;
const LOOKS = 50;

export const connect: Ratio = {
  name: 'connect',
  summary: "connects with credential check and join, to the bare engine's upgrades",
  measure: async (account, effort) => {
    const crowd = { clients: effort.isShort ? CLIENTS.short : CLIENTS.full, roomsOf: ROOMS_OF };
    moveToCore(chooseCores().load);
    return withSides(crowd, async (sides, redisPid) => {
      for (const side of sides) await arrive(side, redisPid, { clients: CLIENTS.short, roomsOf: ROOMS_OF });
      const timed = sides.map((side) => ({ name: side.name, run: () => arrive(side, redisPid, crowd) }));
      return report(account, await Rounds.of(account, effort, timed));
    });
  },
};

/** A server that clients connect to. */
export interface Side {
  readonly name: string;
  readonly pid: number;
  readonly wire: Job['wire'];
  /** Seats that no client took before. */
  open(crowd: Crowd): Promise<Seats>;
}

/** Ours on each store, and the engine alone. All run; one at a time is loaded. */
async function withSides<T>(crowd: Crowd, use: (sides: readonly Side[], redisPid: number) => Promise<T>): Promise<T> {
  const { server, load } = chooseCores();
  const bare = await bareEngine.start(crowd, { core: server });
  try {
    const { endpoints, handshakes, serverPids } = bare;
    const [pid] = serverPids;
    demand(pid !== undefined, 'the bare engine is a process of ours');
    const end = (): Promise<void> => Promise.resolve();
    const open = ({ clients }: Crowd): Promise<Seats> =>
      Promise.resolve({ endpoints, handshakes: handshakes.slice(0, clients), end });
    const engine: Side = { name: BARE, pid, wire: 'bare', open };
    return await withRedis(load, (redis) =>
      withGatewaySide(MEMORY, null, (memory) =>
        withGatewaySide(REDIS, redis.url, (onRedis) => use([memory, engine, onRedis], redis.pid)),
      ),
    );
  } finally {
    await bare.stop();
  }
}

function withGatewaySide<T>(name: string, redisUrl: string | null, use: (side: Side) => Promise<T>): Promise<T> {
  return withGateway(
    redisUrl,
    ({ url, key, pid }) => {
      const backend = new Backend(url, key);
      return use({ name, pid, wire: 'sallyport', open: (crowd) => openSessions(backend, crowd) });
    },
    { environment: UNLIMITED },
  );
}

/** All clients connect, and leave once they are counted. */
export async function arrive(side: Side, redisPid: number | null, crowd: Crowd): Promise<ServerRun> {
  const { name, pid, wire } = side;
  const cores = chooseCores();
  const seats = await side.open(crowd);
  const load = { ...seats, wire, roomsOf: crowd.roomsOf };
  const run = await Clients.with(load, { workers: 1, cores }, async (clients) => {
    await untilIdle(pid);
    const watch = new BusyWatch({ pid, core: cores.server, redisPid });
    const { done, seconds, failures, latency, loadBusy } = await clients.connect(AT_ONCE);
    const { cpuUs, serverBusy, redisBusy, robbed } = watch.read(done, seconds);
    demand(done === crowd.clients, `${name}: ${done} of ${crowd.clients} connected: ${JSON.stringify(failures)}`);
    demand(cpuUs !== null && serverBusy !== null, "the server's process is known");
    await seats.end();
    const times = { p50Ms: latency.atMs(0.5), p99Ms: latency.atMs(0.99) };
    return { perS: done / seconds, cpuUs, ...times, serverBusy, loadBusy, redisBusy, robbed };
  });
  await untilIdle(pid);
  return run;
}

/** Returns when the server has finished what the last clients left it to do, or after 5 s. */
async function untilIdle(pid: number): Promise<void> {
  for (let look = 0; look < LOOKS; look += 1) {
    const watch = new BusyWatch({ pid });
    await pause(CALM_MS);
    if ((watch.read().serverBusy ?? 0) < CALM_SHARE) return;
  }
}

function report(account: Account, rounds: Rounds<ServerRun>): readonly Figure[] {
  reportRuns(
    account,
    rounds,
    'connects',
    [MEMORY, BARE, REDIS].map((name) => ({ name })),
  );
  const perS = rounds.median(REDIS, (run) => run.perS);
  const perCpuS = 1e6 / rounds.median(REDIS, ({ cpuUs }) => cpuUs);
  const common = { better: 'higher', target: PER_S_ON_REDIS, isDisturbed: rounds.isDisturbed } as const;
  return [
    ...rateFigures(rounds, MEMORY, BARE, TO_BARE, (per) => `connect, memory: per ${per} to bare upgrades`),
    { name: 'connect, Redis: per s', value: perS, ...common },
    { name: 'connect, Redis: per CPU second', value: perCpuS, ...common },
  ];
}
