/** The gateway of a scenario: one that runs already, or one of its own on the embedded store or on a Redis of its own. */
import { demand } from './changes.js';
import { canWatchProcesses } from '../measure/cpu.js';
import { RedisProcess } from './redis-process.js';
import { withGateway, type GatewayLaunch } from './run-gateway.js';

export interface TargetGiven {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly pid?: number | undefined;
  readonly redis?: boolean;
}

export interface Gateway {
  /** Without a slash at its end. */
  readonly url: string;
  readonly key: string;
  /** null when it is not ours and nobody said: its CPU and memory are not shown. */
  readonly pid: number | null;
  readonly engine: string | null;
  /** Of a Redis of our own. */
  readonly redisPid: number | null;
}

/** The gateway that is to be used as it runs; null when the bench starts its own. Throws on options that contradict. */
export function givenGateway({ url, key, pid, redis = false }: TargetGiven): Gateway | null {
  if (url === undefined) {
    demand(key === undefined && pid === undefined, '--key and --pid belong to a --url');
    return null;
  }
  demand(!redis, '--redis is for a gateway that the bench starts, not for --url');
  const usedKey = key ?? process.env['BENCH_KEY'];
  demand(usedKey !== undefined && usedKey !== '', '--url needs --key, or BENCH_KEY in the environment');
  demand(pid === undefined || canWatchProcesses, '--pid needs the /proc of Linux');
  return { url: url.replace(/\/+$/, ''), key: usedKey, pid: pid ?? null, engine: null, redisPid: null };
}

/** Uses it; one of our own does not outlive that. */
export async function withTarget<T>(
  given: TargetGiven,
  launch: GatewayLaunch,
  use: (gateway: Gateway) => Promise<T>,
): Promise<T> {
  const running = givenGateway(given);
  if (running !== null) return use(running);
  const redis = given.redis === true ? await RedisProcess.start() : null;
  try {
    const redisPid = watched(redis?.pid ?? null);
    return await withGateway(
      redis?.url ?? null,
      (gateway) => use({ ...gateway, pid: watched(gateway.pid), redisPid }),
      launch,
    );
  } finally {
    await redis?.stop();
  }
}

function watched(pid: number | null): number | null {
  return canWatchProcesses ? pid : null;
}
