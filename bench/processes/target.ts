/** The gateway of a scenario: one that already runs, or one of the bench's own, on the embedded store or on Redis. */
import { isLoopback } from '../client/dial.js';
import { canWatchProcesses } from '../measure/cpu.js';
import { demand } from './changes.js';
import { ANY_CORES, chooseCores, type Cores } from './cores.js';
import { withRedis } from './foreign-server.js';
import { withGateway, type RunningGateway } from './gateway.js';
import type { Launch } from './server-process.js';

export interface TargetGiven {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly pid?: number | undefined;
  readonly redis?: boolean;
}

export interface Gateway extends Pick<RunningGateway, 'url' | 'key'> {
  /** null when the process is unknown: the bench then shows neither its CPU nor its memory. */
  readonly pid: number | null;
  /** The Redis that the bench started. */
  readonly redisPid: number | null;
}

/** The gateway that already runs; null when the bench starts its own. Throws on options that contradict each other. */
export function givenGateway({ url, key, pid, redis = false }: TargetGiven): Gateway | null {
  if (url === undefined) {
    demand(key === undefined && pid === undefined, '--key and --pid belong to a --url');
    return null;
  }
  demand(!redis, '--redis is for a gateway that the bench starts, not for --url');
  const usedKey = key ?? process.env['BENCH_KEY'];
  demand(usedKey !== undefined && usedKey !== '', '--url needs --key, or BENCH_KEY in the environment');
  demand(pid === undefined || canWatchProcesses, '--pid needs the /proc of Linux');
  return { url: url.replace(/\/+$/, ''), key: usedKey, pid: pid ?? null, redisPid: null };
}

/** A gateway that the bench starts ends with `use`. */
export function withTarget<T>(
  given: TargetGiven,
  launch: Omit<Launch, 'core'>,
  use: (gateway: Gateway) => Promise<T>,
): Promise<T> {
  const running = givenGateway(given);
  if (running !== null) return use(running);
  const watched = (pid: number | null): number | null => (canWatchProcesses ? pid : null);
  const onStore = (redisUrl: string | null, redisPid: number | null): Promise<T> =>
    withGateway(redisUrl, ({ url, key, pid }) => use({ url, key, pid: watched(pid), redisPid }), launch);
  if (given.redis !== true) return onStore(null, null);
  return withRedis(null, (redis) => onStore(redis.url, watched(redis.pid)));
}

/** A server of our own has a core for itself. A gateway at a URL on this machine shares its cores with the load. */
export function coresFor({ url }: Pick<TargetGiven, 'url'>): Cores {
  if (url === undefined) return chooseCores();
  return isLoopback(new URL(url).hostname) ? { server: null, load: chooseCores().load } : ANY_CORES;
}
