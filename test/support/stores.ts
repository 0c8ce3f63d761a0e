/** Opens either engine on a manual clock, empty, for the contract suites and for tests above the store. */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { inject } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.js';
import { createRedisStore } from '../../src/adapters/redis/redis-store.js';
import type { Store } from '../../src/ports/store.js';
import { eventually } from './eventually.js';
import { ManualClock } from './manual-clock.js';
import { silentLog } from './silent-log.js';

export interface OpenedStore {
  readonly store: Store;
  readonly clock: ManualClock;
  close(): Promise<void>;
}

export type OpenStore = () => Promise<OpenedStore>;

export async function openMemoryStore(options: { readonly maxFeedEvents?: number } = {}): Promise<OpenedStore> {
  const clock = new ManualClock();
  const store = createMemoryStore({ clock, ...options });
  store.start();
  return { store, clock, close: () => store.stop() };
}

/** On the run's shared server, below a prefix of its own, which is emptied at the end. */
export async function openRedisStore(
  url = inject('redisUrl'),
  options: { readonly maxFeedEvents?: number } = {},
): Promise<OpenedStore> {
  const clock = new ManualClock();
  const keyPrefix = randomPrefix();
  const store = createRedisStore({ url, keyPrefix, log: silentLog, onFailure: () => undefined, clock, ...options });
  store.start();
  await untilReady(store);
  return {
    store,
    clock,
    close: async () => {
      await store.stop();
      if (!url.includes('+')) await removeKeys(url, keyPrefix);
    },
  };
}

export async function untilReady(store: Store, withinMs?: number): Promise<void> {
  await eventually(() => {
    const health = store.health();
    return health.ok ? null : health.reason;
  }, withinMs);
}

export function randomPrefix(): string {
  return `test-${randomBytes(6).toString('hex')}`;
}

/** Every key below a prefix. */
export async function findKeys(client: Redis, keyPrefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const keys of client.scanStream({ match: `${keyPrefix}:*`, count: 1000 })) found.push(...keys);
  return found;
}

async function removeKeys(url: string, keyPrefix: string): Promise<void> {
  const client = new Redis(url);
  try {
    const keys = await findKeys(client, keyPrefix);
    if (keys.length > 0) await client.unlink(...keys);
  } finally {
    client.disconnect();
  }
}
