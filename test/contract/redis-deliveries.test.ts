import { Redis } from 'ioredis';
import { inject } from 'vitest';
import { createRedisStore } from '../../src/adapters/redis/redis-store.js';
import { ManualClock } from '../support/manual-clock.js';
import { silentLog } from '../support/silent-log.js';
import { findKeys, openRedisStore, randomPrefix, untilReady } from '../support/stores.js';
import { endpointRules } from './suites/endpoint-rules.js';
import { deliveryRules } from './suites/delivery-rules.js';
import * as f from './suites/fixtures.js';

const LEASE_MS = 3_600_000;

endpointRules('redis', openRedisStore);

deliveryRules('redis', async (deliveryBounds) => {
  const clock = new ManualClock();
  const [url, keyPrefix] = [inject('redisUrl'), randomPrefix()];
  const store = createRedisStore({ url, keyPrefix, log: silentLog, onFailure: () => undefined, clock, deliveryBounds });
  store.start();
  await untilReady(store);
  const client = new Redis(url);
  const feedKey = `${keyPrefix}:{p0}:feed`;
  let owner = f.HERE;
  return {
    queue: store.deliveries,
    clock,
    feedStart: '0-0',
    claim: async () => {
      for (const nodeId of [f.HERE, f.ELSEWHERE]) {
        const hold = await store.feed.claim(0, nodeId, LEASE_MS);
        if (hold !== null) await store.feed.release(hold);
      }
      owner = owner === f.HERE ? f.ELSEWHERE : f.HERE;
      return f.sure(await store.feed.claim(0, owner, LEASE_MS));
    },
    feed: async (count) => {
      const positions = Array.from({ length: count }, () => client.xadd(feedKey, '*', 'event', '{}'));
      return (await Promise.all(positions)).map((position) => f.sure(position));
    },
    feedSize: () => client.xlen(feedKey),
    close: async () => {
      await store.stop();
      const keys = await findKeys(client, keyPrefix);
      if (keys.length > 0) await client.unlink(...keys);
      client.disconnect();
    },
  };
});
