/** Servers that clients connect to: ours on each store, and the engine alone. All run, one at a time is asked. */
import { setTimeout as pause } from 'node:timers/promises';
import { Backend } from '../rest/backend.js';
import { demand } from '../processes/changes.js';
import { bareEngine } from '../contenders/contenders.js';
import { chooseCores } from '../processes/cores.js';
import { cpuTimeBetween, cpuTimeOf, shareOf } from '../measure/cpu.js';
import { withRedis } from '../processes/redis-process.js';
import { UNLIMITED, withGateway } from '../processes/gateway.js';
import { openSessions, type Crowd, type Seats } from '../rest/seats.js';
import type { VisitJob } from '../visits/visit-job.js';

export interface DoorSide {
  readonly name: 'Sallyport, memory' | 'Sallyport, Redis' | 'bare engine';
  readonly pid: number;
  readonly inBy: VisitJob['inBy'];
  /** Seats that nobody took before. */
  open(crowd: Crowd): Promise<Seats>;
}

const CALM_MS = 100;
/** The clock of CPU time ticks every 10 ms. */
const CALM_SHARE = 0.15;
const LOOKS = 50;

export async function withDoorSides<T>(
  crowd: Crowd,
  use: (sides: readonly DoorSide[], redisPid: number) => Promise<T>,
): Promise<T> {
  const { server, load } = chooseCores();
  const bare = await bareEngine.start(crowd, { core: server, nodeFlags: [] });
  try {
    const { endpoints, handshakes, serverPid } = bare;
    demand(serverPid !== null, 'the bare engine is a process of ours');
    const engine: DoorSide = {
      name: 'bare engine',
      pid: serverPid,
      inBy: 'upgrade',
      open: () => Promise.resolve({ endpoints, handshakes, end: () => Promise.resolve() }),
    };
    return await withRedis(load, (redis) =>
      gatewaySide('Sallyport, memory', null, (memory) =>
        gatewaySide('Sallyport, Redis', redis.url, (onRedis) => use([memory, engine, onRedis], redis.pid)),
      ),
    );
  } finally {
    await bare.stop();
  }
}

/** Returns when the server has done what the last clients left it to do, or after 5 s. */
export async function untilIdle(pid: number): Promise<void> {
  for (let look = 0; look < LOOKS; look += 1) {
    const from = cpuTimeOf(pid);
    await pause(CALM_MS);
    if (shareOf(cpuTimeBetween(from, cpuTimeOf(pid)), CALM_MS / 1000) < CALM_SHARE) return;
  }
}

function gatewaySide<T>(
  name: DoorSide['name'],
  redisUrl: string | null,
  use: (side: DoorSide) => Promise<T>,
): Promise<T> {
  return withGateway(
    redisUrl,
    ({ url, key, pid }) => {
      const backend = new Backend(url, key);
      return use({ name, pid, inBy: 'welcome', open: (crowd) => openSessions(backend, crowd) });
    },
    { environment: UNLIMITED },
  );
}
