import { Redis } from 'ioredis';
import { inject } from 'vitest';
import { createRedisStore } from '../../src/adapters/redis/redis-store.js';
import { ManualClock } from '../support/manual-clock.js';
import { silentLog } from '../support/silent-log.js';
import { findKeys, randomPrefix, untilReady } from '../support/stores.js';
import { deliveryRules } from './suites/delivery-rules.js';
import * as f from './suites/fixtures.js';

deliveryRules('redis', async (deliveryBounds) => {
  const clock = new ManualClock();
  const [url, keyPrefix] = [inject('redisUrl'), randomPrefix()];
  const store = createRedisStore({ url, keyPrefix, log: silentLog, onFailure: () => undefined, clock, deliveryBounds });
  store.start();
  await untilReady(store);
  const client = new Redis(url);
  const feedKey = `${keyPrefix}:{p0}:feed`;
  let epoch = 0;
  return {
    queue: store.deliveries,
    clock,
    feedStart: '0-0',
    claim: async () => {
      epoch += 1;
      await client.hset(`${keyPrefix}:{p0}:owner`, { node: f.HERE, epoch });
      return { partition: 0, nodeId: f.HERE, epoch };
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
