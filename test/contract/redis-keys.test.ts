import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { createRedisStore } from '../../src/adapters/redis/redis-store.js';
import { createOperations } from '../../src/adapters/system/operations.js';
import { parseConfig } from '../../src/config/parse.js';
import { SESSION_EVENTS_KEPT_MS } from '../../src/ports/event-log.js';
import type { Store } from '../../src/ports/store.js';
import { commandsDuring } from '../support/redis-monitor.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';
import { silentLog } from '../support/silent-log.js';
import { findKeys, openRedisStore, randomPrefix, untilReady, type OpenedStore } from '../support/stores.js';
import * as f from './suites/fixtures.js';

describe('what the Redis store leaves in Redis', () => {
  let keyPrefix: string;
  let client: Redis;
  let store: Store;

  beforeEach(async () => {
    keyPrefix = randomPrefix();
    client = new Redis(inject('redisUrl'));
    store = createRedisStore({ url: inject('redisUrl'), keyPrefix, log: silentLog, onFailure: () => undefined });
    store.start();
    await untilReady(store);
  });

  afterEach(async () => {
    await store.stop();
    const keys = await findKeys(client, keyPrefix);
    if (keys.length > 0) await client.unlink(...keys);
    client.disconnect();
  });

  /** A session that made use of everything. */
  async function liveSession(): Promise<ReturnType<typeof f.newSession>> {
    const session = f.newSession({ maxUsers: 4 });
    const [one, two] = [f.newSeat(), f.newSeat()];
    await store.relay.create(session, [one, two]);
    await f.joinPair(store.relay, session, one);
    const member = await f.joinMinted(store.relay, session.id);
    await store.relay.away(f.holdOf(session.id, await f.joinPair(store.relay, session, two)));
    await store.relay.leave(f.holdOf(session.id, member), 'left');
    const selector = { by: 'user_id', userId: f.userId() } as const;
    await store.relay.kick({ sessionId: session.id, scope: 'all', selector, ban: true });
    return session;
  }

  test('ST56 every key of a session expires a minute after it, its log an hour, also when its life is changed', async () => {
    const { id } = await liveSession();
    const expectTtl = async (ttlMs: number): Promise<void> => {
      const keys = (await findKeys(client, keyPrefix)).filter((key) => key.includes(id));
      expect(keys.length).toBeGreaterThanOrEqual(8);
      for (const key of keys) {
        const left = await client.pttl(key);
        const keptMs = key.endsWith(':events') ? SESSION_EVENTS_KEPT_MS : 60_000;
        expect(left).toBeGreaterThan(ttlMs + keptMs - 10_000);
        expect(left).toBeLessThanOrEqual(ttlMs + keptMs);
      }
    };
    await expectTtl(f.TTL_MS);
    await store.relay.update(id, 'all', { ttlMs: 50_000 });
    await expectTtl(50_000);
    await store.relay.claimHome(id, f.homeNow(f.HERE), f.HERE);
    await f.joinMinted(store.relay, id);
    await expectTtl(50_000);
  });

  test('ST57 the end of a session leaves no entry in a listing, and of one with members a word for ten minutes', async () => {
    const empty = f.newSession();
    await store.relay.create(empty, [f.newSeat()]);
    await store.relay.end(empty.id, f.ACME);
    const { id } = await liveSession();
    await store.relay.end(id, f.ACME);
    const keys = await findKeys(client, keyPrefix);
    const names = [...new Set(keys.map((key) => key.split(':').at(-1)))].sort();
    expect(names).toEqual(['events', 'feed', 'fields', 'format', 'positions']);
    for (const key of keys.filter((each) => each.endsWith(':events'))) {
      expect(await client.pttl(key)).toBeLessThanOrEqual(SESSION_EVENTS_KEPT_MS);
      expect(await client.pttl(key)).toBeGreaterThan(SESSION_EVENTS_KEPT_MS - 10_000);
    }
    const left = keys.find((key) => key.endsWith(':fields')) ?? '';
    expect(await client.hgetall(left)).toEqual({ over: 'ended' });
    expect(await client.pttl(left)).toBeGreaterThan(590_000);
    expect(await client.pttl(left)).toBeLessThanOrEqual(600_000);
  });

  test('ST58 the keys of a session share its hash tag, and everything is below the prefix', async () => {
    const { id } = await liveSession();
    const keys = await findKeys(client, keyPrefix);
    for (const key of keys)
      expect(key).toMatch(
        new RegExp(`^${keyPrefix}:((relay:\\{p\\d+\\}:${id}|\\{index\\}):|\\{p\\d+\\}:feed$|format$)`),
      );
  });
});

describe('the prefix of keys', () => {
  const parsed = parseConfig({});
  const byDefault = parsed.ok ? parsed.config.redisPrefix : '';
  const operations = createOperations('a secret of these tests, long enough');
  const cleanups: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function open(url: string, keyPrefix: string): Promise<Store> {
    const store = createRedisStore({ url, keyPrefix, log: silentLog, onFailure: () => undefined, operations });
    cleanups.push(() => store.stop());
    store.start();
    await untilReady(store);
    return store;
  }

  test.each([
    [byDefault, 'sallyport:'],
    ['game', 'game:'],
    ['game:', 'game:'],
    ['game::', 'game::'],
    ['eu:game', 'eu:game:'],
  ])('ST79 with the prefix %s every key begins with %s and no further colon', async (keyPrefix, begin) => {
    const redis = await startRedisServer();
    cleanups.push(() => redis.stop());
    const client = new Redis(redis.url);
    cleanups.push(async () => client.disconnect());
    const store = await open(redis.url, keyPrefix);
    const session = f.newSession();
    await operations.run('an operation', () => store.relay.create(session, [f.newSeat()]));
    await store.idempotency.start({
      key: 'key',
      fingerprint: 'print',
      operationId: 'op',
      owner: 'one',
      runningTtlMs: 60_000,
      ttlMs: 60_000,
    });
    const keys = await client.keys('*');
    expect(keys.filter((key) => key.includes('once-done')).length).toBeGreaterThan(0);
    for (const key of keys) {
      expect(key.startsWith(begin)).toBe(true);
      expect(key.slice(begin.length)).toMatch(/^[^:]/);
    }
    const same = await open(redis.url, begin);
    expect(await same.relay.get(session.id, 'all')).not.toBeNull();
    // The control: below another prefix there is nothing.
    const other = await open(redis.url, `${begin}:`);
    expect(await other.relay.get(session.id, 'all')).toBeNull();
  });
});

describe('how the Redis store talks to Redis', () => {
  let redis: RedisServer;
  let opened: OpenedStore;
  let client: Redis;

  beforeEach(async () => {
    redis = await startRedisServer();
    opened = await openRedisStore(redis.url);
    client = new Redis(redis.url);
  });

  afterEach(async () => {
    client.disconnect();
    await opened.close();
    await redis.stop();
  });

  const commandsOf = (run: () => Promise<unknown>) => commandsDuring(client, run);

  test('ST59 each transition is one script call; create and end take one more for the index', async () => {
    const { relay } = opened.store;
    const session = f.newSession();
    const { id } = session;
    const seat = f.newSeat();
    expect(await commandsOf(() => relay.create(session, []))).toEqual({ evalsha: 2 });
    const once: readonly (() => Promise<unknown>)[] = [
      () => relay.get(id, 'all'),
      () => relay.authorize(id, 'all', seat),
      () => relay.join(f.joinRequest(id, f.pair(session, seat))),
      () => relay.join(f.joinRequest(id, f.minted(f.userId()))),
      () => relay.handOverHost(id, f.HOME, { index: f.index(0), term: 1 }, f.index(1)),
      () => relay.away({ sessionId: id, ...f.HOME, index: f.index(0), connection: 1 }),
      () => relay.leave({ sessionId: id, ...f.HOME, index: f.index(0), connection: 1 }, 'left'),
      () => relay.update(id, 'all', { ttlMs: 2 * f.TTL_MS, locked: false }),
      () => relay.mint(id, 'all', f.userId()),
      () => relay.revoke(id, 'all', seat.token),
      () => relay.kick({ sessionId: id, scope: 'all', selector: { by: 'index', index: f.index(1) }, ban: true }),
      () => relay.claimHome(id, f.homeNow(f.HERE), f.ELSEWHERE),
      () =>
        opened.store.idempotency.start({
          key: 'key',
          fingerprint: 'print',
          operationId: 'op',
          owner: 'one',
          runningTtlMs: 60_000,
          ttlMs: 60_000,
        }),
    ];
    for (const transition of once) expect(await commandsOf(transition)).toEqual({ evalsha: 1 });
    expect(await commandsOf(() => relay.end(id, 'all'))).toEqual({ evalsha: 2 });
  });

  test('ST60 scripts that Redis forgot are sent again, and no call fails', async () => {
    const { relay } = opened.store;
    const session = f.newSession({ maxUsers: 100 });
    await client.script('FLUSH');
    await relay.create(session, []);
    await f.joinMinted(relay, session.id);
    await client.script('FLUSH');
    await Promise.all(Array.from({ length: 50 }, () => f.joinMinted(relay, session.id)));
    expect((await relay.get(session.id, 'all'))?.seats).toHaveLength(51);
    expect(await relay.list({ scope: 'all', from: { offset: 0 }, limit: 1 })).toMatchObject({ totalCount: 1 });
  });
});
