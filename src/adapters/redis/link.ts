/**
 * The connection for commands. Nothing waits for a connection and nothing is sent twice: a call either reaches Redis
 * now or rejects with `store_unavailable`, in at most `CALL_DEADLINE_MS` (fail fast, so that callers can answer 503).
 */
import { Cluster, Redis } from 'ioredis';
import type { Clock } from '../../ports/clock.js';
import type { Log } from '../../ports/log.js';
import type { StoreHealth } from '../../ports/store.js';
import { isReplyOf, toFailure, unavailable } from './failures.js';
import type { Script } from './script.js';
import { ServerTime } from './server-time.js';
import { parseRedisUrl } from './url.js';

const COMMAND_TIMEOUT_MS = 1_000;
/** Before the former, whatever the estimate of the server's clock is off by: nobody is told no and then served. */
const RUN_WITHIN_MS = 950;
/** Above the former: a script that has to be sent again, a redirection within a cluster. */
const CALL_DEADLINE_MS = 1_150;
const CONNECT_TIMEOUT_MS = 2_000;
const MAX_RECONNECT_DELAY_MS = 2_000;
const STOP_DEADLINE_MS = 500;

export interface LinkOptions {
  readonly url: string;
  readonly log: Log;
  /** Called once for each call that failed. */
  readonly onFailure: (operation: string) => void;
  /** Tests move time: then scripts are told it. Otherwise they ask the server. */
  readonly clock: Clock | null;
  readonly scripts: readonly Script[];
}

export type Argument = string | number;

export class RedisLink {
  readonly isCluster: boolean;
  readonly #client: Redis | Cluster;
  readonly #options: LinkOptions;
  readonly #serverTime: ServerTime;
  #state: 'new' | 'connected' | 'lost' | 'stopped' = 'new';
  #lastError = 'not connected yet';
  /** This connection stopped answering and is on its way out; ioredis notices a turn later. */
  #stalled = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    const client = connectTo(options.url);
    this.#client = client;
    this.isCluster = client instanceof Cluster;
    this.#serverTime = new ServerTime(async () => (client instanceof Redis ? client.time() : null));
    client.on('ready', () => this.#onReady());
    client.on('close', () => this.#onLost());
    client.on('error', (error: unknown) => {
      this.#lastError = reasonOf(error);
    });
    if (client instanceof Cluster) {
      client.on('node error', (error: unknown) => {
        this.#lastError = reasonOf(error);
      });
    }
  }

  start(): void {
    // ioredis goes on trying by itself; what it says here was heard by the listeners.
    this.#client.connect().catch(() => undefined);
  }

  health(): StoreHealth {
    return this.#usable() ? { ok: true } : { ok: false, reason: `redis: ${this.#lastError}` };
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#state = 'stopped';
    if (this.#client.status === 'ready') {
      await within(STOP_DEADLINE_MS, this.#client.quit()).catch(() => undefined);
    }
    this.#client.disconnect();
  }

  /** Runs a script over keys of one hash tag. */
  run(operation: string, script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    return this.#call(operation, async () => {
      const nowMs = this.#options.clock?.nowMs() ?? 0;
      const all = [...keys, nowMs, this.#serverTime.after(RUN_WITHIN_MS), ...args];
      const endMs = performance.now() + CALL_DEADLINE_MS;
      this.#gather();
      try {
        return await this.#client.evalsha(script.sha1, keys.length, ...all);
      } catch (error) {
        if (!isReplyOf(error, 'NOSCRIPT')) throw error;
        return within(endMs - performance.now(), this.#client.eval(script.text, keys.length, ...all));
      }
    });
  }

  /** Runs one command. */
  command(operation: string, name: string, ...args: readonly Argument[]): Promise<unknown> {
    return this.#call(operation, async () => {
      this.#gather();
      return this.#client.call(name, ...args);
    });
  }

  async #call(operation: string, send: () => Promise<unknown>): Promise<unknown> {
    try {
      if (!this.#usable()) throw unavailable(new Error(this.#lastError));
      // A single server's answers have a deadline as commands; a cluster may redirect a call, each time with a new one.
      return await (this.isCluster ? within(CALL_DEADLINE_MS, send()) : send());
    } catch (error) {
      this.#options.onFailure(operation);
      if (isTimeout(error)) this.#onStall();
      if (isReplyOf(error, 'LATE')) this.#serverTime.measure();
      throw toFailure(error);
    }
  }

  /** What is asked in one turn of the event loop leaves in one write: under load a fifth of a call's CPU time. */
  #gather(): void {
    if (this.#client instanceof Cluster) return;
    const { stream } = this.#client;
    if (stream.writableCorked > 0) return;
    stream.cork();
    setImmediate(() => {
      stream.uncork();
    });
  }

  /**
   * Redis stopped answering while the connection stands. A new connection frees what waits in this one, and makes
   * later calls reject at once. (A cluster's other nodes may well answer: there, calls time out one by one.)
   */
  #onStall(): void {
    if (this.#client instanceof Cluster || !this.#usable()) return;
    this.#stalled = true;
    this.#lastError = 'it stopped answering';
    // Not disconnect(): that says goodbye first, and waits for the answer.
    this.#client.stream.destroy();
  }

  #usable(): boolean {
    return this.#client.status === 'ready' && !this.#stalled;
  }

  #onReady(): void {
    this.#stalled = false;
    this.#serverTime.measure();
    const nodes = this.#client instanceof Cluster ? this.#client.nodes('master') : [this.#client];
    for (const node of nodes) {
      // Spares the first calls a NOSCRIPT; those recover by themselves, so a failure here costs nothing.
      for (const script of this.#options.scripts) node.script('LOAD', script.text).catch(() => undefined);
    }
    if (this.#state === 'connected' || this.#state === 'stopped') return;
    this.#state = 'connected';
    this.#options.log.info('store_connected', { engine: 'redis', cluster: this.isCluster });
  }

  #onLost(): void {
    this.#serverTime.forget();
    if (this.#state === 'lost' || this.#state === 'stopped') return;
    this.#state = 'lost';
    this.#options.log.warn('store_lost', { engine: 'redis', reason: this.#lastError });
  }
}

function connectTo(url: string): Redis | Cluster {
  const { seeds, options } = parseRedisUrl(url);
  const common = {
    ...options,
    protocol: 2,
    lazyConnect: true,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // After a failover the old master answers READONLY until the connection is made anew.
    reconnectOnError: (error: Error) => isReplyOf(error, 'READONLY'),
  } as const;
  if (seeds === null) {
    return new Redis({
      ...common,
      enableOfflineQueue: false,
      retryStrategy: reconnectDelayMs,
      sentinelRetryStrategy: reconnectDelayMs,
    });
  }
  return new Cluster([...seeds], {
    lazyConnect: true,
    enableOfflineQueue: false,
    clusterRetryStrategy: reconnectDelayMs,
    slotsRefreshTimeout: COMMAND_TIMEOUT_MS,
    redisOptions: common,
  });
}

/** Full jitter: a fleet that lost its Redis does not come back in step. */
function reconnectDelayMs(attempt: number): number {
  return 10 + Math.floor(Math.random() * Math.min(MAX_RECONNECT_DELAY_MS - 10, 50 * 2 ** Math.min(attempt, 10)));
}

class DeadlineExceeded extends Error {}

/** Rejects after `ms`. The timer is the system's own: these deadlines are about a real server. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
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

function isTimeout(error: unknown): boolean {
  return error instanceof DeadlineExceeded || (error instanceof Error && error.message === 'Command timed out');
}

/** Short, and without addresses. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  return code ?? /^[A-Z]{4,}/.exec(error.message)?.[0] ?? error.name;
}
