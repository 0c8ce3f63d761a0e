import { Redis } from 'ioredis';
import { expect, inject, test } from 'vitest';
import { createRedisStore } from '../../src/adapters/redis/redis-store.js';
import { ManualClock } from '../support/manual-clock.js';
import { silentLog } from '../support/silent-log.js';
import { findKeys, openRedisStore, randomPrefix, untilReady } from '../support/stores.js';
import { endpointRules } from './suites/endpoint-rules.js';
import { delivery, deliveryRules } from './suites/delivery-rules.js';
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

test('WH27 one delivery that nobody can read is named, and holds up no other', async () => {
  const [url, keyPrefix, clock] = [inject('redisUrl'), randomPrefix(), new ManualClock(1_900_000_000_000)];
  const store = createRedisStore({ url, keyPrefix, log: silentLog, onFailure: () => undefined, clock });
  const client = new Redis(url);
  store.start();
  try {
    await untilReady(store);
    const hold = f.sure(await store.feed.claim(0, f.HERE, LEASE_MS));
    const target = { kind: 'session', projectId: f.ACME, url: 'https://a.example/' } as const;
    const rest = { owner: f.ACME, target, targetKey: 'A', lane: null, body: '{}', createdAtMs: clock.nowMs() };
    const delivery = (id: string) => ({ id, eventId: id, eventType: 'session.ended', ...rest }) as const;
    await store.deliveries.plan(hold, '0-0', [delivery('a'), delivery('b')]);
    await client.hset(`${keyPrefix}:{p0}:deliveries:records`, 'a', '{"of":"another version"}');
    const due = async () => {
      const query = { limit: 10, perTarget: 10, inFlight: new Set<string>(), resting: new Set<string>() };
      const page = await store.deliveries.due(hold, clock.nowMs(), query);
      if (page.outcome !== 'due') throw new Error(page.outcome);
      return [page.unreadable.map(({ id }) => id), page.deliveries.map(({ id }) => id)];
    };
    expect(await due()).toEqual([['a'], ['b']]);
    await store.deliveries.settle(hold, 'a', { kind: 'done' });
    expect(await due()).toEqual([[], ['b']]);
  } finally {
    await store.stop();
    await client.unlink(...(await findKeys(client, keyPrefix)));
    client.disconnect();
  }
});

test('EVR9 a delivery is due by the clock of Redis, also at a node whose clock is behind', async () => {
  const opened = await openRedisStore();
  const { store, clock } = opened;
  try {
    const hold = f.sure(await store.feed.claim(0, f.HERE, LEASE_MS));
    await store.deliveries.plan(hold, '0-0', [delivery('a')]);
    const query = { limit: 10, perTarget: 10, inFlight: new Set<string>(), resting: new Set<string>() };
    const dueAt = async (nowMs: number) => {
      const page = await store.deliveries.due(hold, nowMs, query);
      return page.outcome === 'due' ? page.deliveries.map(({ id }) => id) : page.outcome;
    };
    expect(await dueAt(clock.nowMs() - 5_000)).toEqual(['a']);
    // The control: a later attempt is not due yet, by neither clock.
    await store.deliveries.settle(hold, 'a', { kind: 'retry', attempts: 1, dueAtMs: clock.nowMs() + 1_000 });
    expect(await dueAt(clock.nowMs())).toEqual([]);
    expect(await dueAt(clock.nowMs() - 5_000)).toEqual([]);
  } finally {
    await opened.close();
  }
});
