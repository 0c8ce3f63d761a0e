/** Opens and reopens connections to Redis; their deadlines, and short reasons for their errors. */
import { Cluster, Redis } from 'ioredis';
import { isReplyOf } from './failures.js';
import { parseRedisUrl } from './url.js';

const COMMAND_TIMEOUT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 2_000;
const MAX_RECONNECT_DELAY_MS = 2_000;
const MAX_LOADING_RETRY_MS = 200;
const MIN_RECONNECT_ON_READONLY_MS = 1_000;

/**
 * The returned client connects when its `connect()` is called. A subscriber does not restore its subscriptions after a
 * reconnect: its owner subscribes at each `ready`, and so learns when that fails. Throws when the URL is malformed.
 */
export function connectTo(url: string, purpose: 'commands' | 'subscriber' = 'commands'): Redis | Cluster {
  const { seeds, options } = parseRedisUrl(url);
  const common = {
    ...options,
    protocol: 2,
    lazyConnect: true,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    // Two commands less at each connection, and one right less for the ACL user.
    disableClientInfo: true,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxLoadingRetryTime: MAX_LOADING_RETRY_MS,
    reconnectOnError: reconnectOnReadonly(),
  } as const;
  if (seeds === null) {
    return new Redis({
      ...common,
      enableOfflineQueue: false,
      ...('sentinels' in options ? BEHIND_SENTINEL : { retryStrategy: reconnectDelayMs }),
    });
  }
  return new Cluster([...seeds], {
    shardedSubscribers: purpose === 'subscriber',
    lazyConnect: true,
    enableOfflineQueue: false,
    clusterRetryStrategy: reconnectDelayMs,
    // A cluster is down for longer than a call may take: its callers hear of it at once, and by name.
    retryDelayOnClusterDown: 0,
    slotsRefreshTimeout: COMMAND_TIMEOUT_MS,
    // With TLS the name in the certificate counts, which an address does not have.
    ...(options.tls === undefined ? {} : { dnsLookup: (host, callback) => callback(null, host) }),
    redisOptions: common,
  });
}

/**
 * Behind Sentinel a new master is there within seconds, and a node that waits long adds to the outage. The failover
 * detector leaves a master that was replaced while it hung or was cut off.
 */
const BEHIND_SENTINEL = {
  retryStrategy: soonAgainMs,
  sentinelRetryStrategy: soonAgainMs,
  failoverDetector: true,
} as const;

/**
 * Connects again when the client gave up, which it does for ever when Sentinel names a new master while the client looks
 * for one. Ends with `isStopped`.
 */
export function keepConnecting(client: Redis | Cluster, isStopped: () => boolean): void {
  client.on('end', () => {
    if (isStopped()) return;
    setTimeout(() => {
      if (!isStopped()) client.connect().catch(() => undefined);
    }, soonAgainMs()).unref();
  });
}

function soonAgainMs(): number {
  return 50 + Math.floor(Math.random() * 350);
}

/** After a failover, the old master answers READONLY until the client reconnects. A replica always answers it. */
function reconnectOnReadonly(): (error: Error) => boolean {
  let reconnectedAtMs = -Infinity;
  return (error) => {
    if (!isReplyOf(error, 'READONLY') || performance.now() - reconnectedAtMs < MIN_RECONNECT_ON_READONLY_MS)
      return false;
    reconnectedAtMs = performance.now();
    return true;
  };
}

/** Full jitter, so that nodes that lost Redis together do not reconnect together. */
function reconnectDelayMs(attempt: number): number {
  return 10 + Math.floor(Math.random() * Math.min(MAX_RECONNECT_DELAY_MS - 10, 50 * 2 ** Math.min(attempt, 10)));
}

class DeadlineExceeded extends Error {}

/** Rejects after `ms` milliseconds. Uses a real timer even in tests with a manual clock, because the server is real. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineExceeded('Redis did not answer in time')), ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

export function isTimeout(error: unknown): boolean {
  return error instanceof DeadlineExceeded || (error instanceof Error && error.message === 'Command timed out');
}

/** The command that the connection's user may not run; null when the error is another one. */
export function commandRefusedIn({ message }: Error): string | null {
  return /^NOPERM .*'([\w|]+)' command/.exec(message)?.[1] ?? null;
}

/** A short reason that contains no address. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  // No server of the cluster serves.
  if ('lastNodeError' in error && error.lastNodeError instanceof Error) return reasonOf(error.lastNodeError);
  const sentinels = /^All sentinels are unreachable.*?(?:Last error: ([A-Z]{4,}).*)?$/s.exec(error.message);
  if (sentinels !== null) return `no sentinel is reachable (${sentinels[1] ?? 'no answer'})`;
  const command = commandRefusedIn(error);
  if (command !== null) return `NOPERM: no right to the command ${command}`;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  return code ?? /^[A-Z]{4,}/.exec(error.message)?.[0] ?? error.name;
}
