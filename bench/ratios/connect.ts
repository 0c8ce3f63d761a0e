/**
 * Connects with credential check and join, beside upgrades of the bare engine by the same client: there a client is in
 * when its handshake is answered, here when it has read its welcome. One client makes no more connects than the bare engine
 * takes with time to spare: then its rate is the load's, and what counts is the CPU of a connect.
 */
import type { Account } from '../report/account.js';
import { demand } from '../processes/changes.js';
import { chooseCores, moveToCore } from '../processes/cores.js';
import { CoreWatch } from '../measure/core-watch.js';
import { shareOf } from '../measure/cpu.js';
import type { Crowd } from '../rest/seats.js';
import { Visits } from '../visits/visits.js';
import { untilIdle, withDoorSides, type DoorSide } from './door-sides.js';
import type { Figure, Ratio } from './ratio.js';
import { reportRuns, Rounds, type ServerRun } from '../measure/rounds.js';

const CLIENTS = { full: 8_000, short: 3_200 };
const ROOMS_OF = 8;
const AT_ONCE = 200;
const TO_BARE = 0.4;
const PER_S_ON_REDIS = 5_000;
const MEMORY = 'Sallyport, memory';
const REDIS = 'Sallyport, Redis';
const BARE = 'bare engine';
export const connect: Ratio = {
  name: 'connect',
  summary: "connects with credential check and join, to the bare engine's upgrades",
  measure: async (account, effort) => {
    const crowd = { clients: effort.isShort ? CLIENTS.short : CLIENTS.full, roomsOf: ROOMS_OF };
    moveToCore(chooseCores().load);
    return withDoorSides(crowd, async (sides, redisPid) => {
      for (const side of sides) await arrive(side, redisPid, { clients: CLIENTS.short, roomsOf: ROOMS_OF });
      const timed = sides.map((side) => ({ name: side.name, run: () => arrive(side, redisPid, crowd) }));
      return report(account, await Rounds.of(account, effort, timed));
    });
  },
};

/** All come, and go when they were counted. */
async function arrive(side: DoorSide, redisPid: number, crowd: Crowd): Promise<ServerRun> {
  const cores = chooseCores();
  const seats = await side.open(crowd);
  const { endpoints } = seats;
  const handshakes = seats.handshakes.slice(0, crowd.clients);
  const visits = Visits.start({ endpoints, handshakes }, crowd.roomsOf, 1, cores, side.inBy);
  try {
    await untilIdle(side.pid);
    const [server, redis] = [new CoreWatch(side.pid, cores.server), new CoreWatch(redisPid, cores.load)];
    const stage = await visits.connect(AT_ONCE, () => undefined);
    const [{ cpu, robbedS }, { cpu: redisCpu }] = [server.read(), redis.read()];
    demand(stage.done === crowd.clients, `${side.name}: ${stage.done} came: ${JSON.stringify(stage.failures)}`);
    await seats.end();
    return {
      perS: stage.done / stage.seconds,
      cpuUs: shareOf(cpu, stage.done) * 1e6,
      p50Ms: stage.latency.atMs(0.5),
      p99Ms: stage.latency.atMs(0.99),
      serverBusy: shareOf(cpu, stage.seconds),
      loadBusy: stage.loadBusy,
      redisBusy: shareOf(redisCpu, stage.seconds),
      robbed: robbedS / stage.seconds,
    };
  } finally {
    visits.end();
    await untilIdle(side.pid);
  }
}

function report(account: Account, rounds: Rounds<ServerRun>): readonly Figure[] {
  reportRuns(
    account,
    rounds,
    'connects',
    [MEMORY, BARE, REDIS].map((name) => ({ name })),
  );
  const rate = rounds.ratio(MEMORY, BARE, ({ perS }) => perS);
  const cpu = rounds.ratio(BARE, MEMORY, ({ cpuUs }) => cpuUs);
  const perS = rounds.median(REDIS, (run) => run.perS);
  const perCpuS = 1e6 / rounds.median(REDIS, ({ cpuUs }) => cpuUs);
  const common = { better: 'higher', isDisturbed: rounds.isDisturbed } as const;
  return [
    { name: 'connect, memory: per s to bare upgrades', value: rate, target: TO_BARE, ...common },
    { name: 'connect, memory: per CPU second to bare upgrades', value: cpu, target: TO_BARE, ...common },
    { name: 'connect, Redis: per s', value: perS, target: PER_S_ON_REDIS, ...common },
    { name: 'connect, Redis: per CPU second', value: perCpuS, target: PER_S_ON_REDIS, ...common },
  ];
}
