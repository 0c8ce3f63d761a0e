/** Opens the store that the configuration names. Its service gives it a moment to connect. */
import { createMemoryStore } from '../adapters/memory/memory-store.js';
import { createRedisStore } from '../adapters/redis/redis-store.js';
import type { Config } from '../config/schema.js';
import type { Clock } from '../ports/clock.js';
import type { Log } from '../ports/log.js';
import type { Metrics } from '../ports/metrics.js';
import type { Operations } from '../ports/operations.js';
import type { Store } from '../ports/store.js';
import type { Service } from './service.js';
import { pause } from './pause.js';

/** How long a start waits for the store, in milliseconds. After that the node still listens, but is not ready. */
const CONNECT_WAIT_MS = 2000;
const POLL_MS = 10;

export interface StoreGround {
  readonly config: Pick<Config, 'redisUrl' | 'redisPrefix' | 'durableReplicas'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'storeFailed' | 'storeCalled'>;
  readonly operations: Operations;
}

/** Throws when the Redis URL cannot be read. */
export function openStore({ config, clock, log, metrics, operations }: StoreGround): Store {
  if (config.redisUrl === null) return createMemoryStore({ clock });
  return createRedisStore({
    url: config.redisUrl,
    keyPrefix: config.redisPrefix,
    durableReplicas: config.durableReplicas,
    log,
    operations,
    onFailure: (operation) => {
      metrics.storeFailed(operation);
    },
    onCalled: (operation, tookMs) => {
      metrics.storeCalled(operation, tookMs);
    },
  });
}

export function storeService(store: Store, clock: Clock): Service {
  return {
    name: 'store',
    async start() {
      store.start();
      const deadlineMs = clock.monotonicMs() + CONNECT_WAIT_MS;
      while (!store.health().ok && clock.monotonicMs() < deadlineMs) await pause(clock, POLL_MS);
    },
    stop: () => store.stop(),
  };
}
