/** Events in Redis: what both engines promise, and what only Redis can show. */
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { createKeys } from '../../src/adapters/redis/keys.js';
import { DIRECTORY_PARTITION, partitionOf } from '../../src/adapters/redis/partitions.js';
import { createRedisStore } from '../../src/adapters/redis/redis-store.js';
import { createOperations } from '../../src/adapters/system/operations.js';
import { MAX_LOG_BYTES } from '../../src/ports/event-log.js';
import type { Store } from '../../src/ports/store.js';
import { commandsDuring } from '../support/redis-monitor.js';
import { eventually } from '../support/eventually.js';
import { startRedisServer } from '../support/redis-server.js';
import { silentLog } from '../support/silent-log.js';
import { findKeys, openRedisStore, randomPrefix, untilReady } from '../support/stores.js';
import * as e from './suites/event-fixtures.js';
import { feedBoundRules } from './suites/event-feed-rules.js';
import { eventRules } from './suites/event-rules.js';
import * as f from './suites/fixtures.js';
import * as i from './suites/identity-fixtures.js';

const MOST = 10;
const FEED_BYTES = 8 * 1024 * 1024;

eventRules('redis', openRedisStore);
feedBoundRules('redis', () => openRedisStore(inject('redisUrl'), { maxFeedEvents: MOST }), MOST);

describe('events in Redis', () => {
  const operations = createOperations('a secret of these tests, long enough');
  let keyPrefix: string;
  let client: Redis;
  let store: Store;

  function openedAt(url: string): Store {
    const opened = createRedisStore({
      url,
      keyPrefix,
      log: silentLog,
      onFailure: () => undefined,
      operations,
      maxFeedBytes: FEED_BYTES,
    });
    opened.start();
    return opened;
  }

  beforeEach(async () => {
    keyPrefix = randomPrefix();
    client = new Redis(inject('redisUrl'));
    store = openedAt(inject('redisUrl'));
    await untilReady(store);
  });

  afterEach(async () => {
    await store.stop();
    const keys = await findKeys(client, keyPrefix);
    if (keys.length > 0) await client.unlink(...keys);
    client.disconnect();
  });

  test('EVR2 a repeat of a call under the same operation writes no second event', async () => {
    const session = f.newSession();
    const seat = f.newSeat();
    const twice = async (name: string, call: () => Promise<unknown>): Promise<void> => {
      await operations.run(name, call);
      await operations.run(name, call);
    };
    await twice('create', () => store.relay.create(session, []));
    await twice('authorize', () => store.relay.authorize(session.id, 'all', seat));
    await twice('update', () => store.relay.update(session.id, 'all', { locked: true }));
    await twice('revoke', () => store.relay.revoke(session.id, 'all', seat.token));
    const [event] = await e.sessionEvents(store, session.id);
    expect(event?.facts.type).toBe('session.ready');
    const types = (await e.told(store, session.id)).map(({ type }) => type);
    expect(types).toEqual(['user.authorized', 'session.updated', 'user.revoked']);
    // The control: another operation writes one more.
    await operations.run('other', () => store.relay.update(session.id, 'all', { locked: true }));
    expect(await e.told(store, session.id)).toHaveLength(4);
  });

  test('EVR3 an event that is unreadable fails its reader by name; other partitions and logs are read', async () => {
    const keys = createKeys(keyPrefix);
    const [session, other] = [f.newSession(), f.newSession()];
    await store.relay.create(session, []);
    await store.relay.create(other, []);
    const partition = partitionOf(session.id);
    const [log = '', feed = ''] = keys.sessionEvents(session.id);
    for (const text of [
      '',
      'text of somebody else',
      `2 1 acme ${session.id} member.joined`,
      '2 1 acme x user.banned u',
    ]) {
      const place = (await client.xadd(feed, '*', 'e', text)) ?? '';
      await client.rpush(log, text);
      const unreadable = (name: string) => ({
        code: 'internal',
        cause: { message: `the event ${name} is unreadable` },
      });
      await expect(store.feed.read(partition, 10)).rejects.toMatchObject(unreadable(`${String(partition)} ${place}`));
      await expect(store.events.ofSession(session.id, 'all', 1, 10)).rejects.toMatchObject(unreadable(session.id));
      await client.xdel(feed, place);
      await client.rpop(log);
    }
    expect(await e.sessionEvents(store, session.id)).toHaveLength(1);
    expect(await e.sessionEvents(store, other.id)).toHaveLength(1);
    expect((await store.feed.read(partition, 10)).entries[0]?.event.sessionId).toBe(session.id);
  });

  test('EVR4 no event contains the hash of a login session, whatever other texts look like it', async () => {
    const address = '"secretHash":"x"';
    const session = await i.openSession(store.userSessions, { kind: 'login', secretHash: 'the-hash', address });
    await store.userSessions.change(session.id, { touch: { inactivityMs: 1_000 } });
    await store.userSessions.finish(session.id, 'ended');
    const feed = createKeys(keyPrefix).feed(partitionOf(session.userId));
    expect(JSON.stringify(await client.xrange(feed, '-', '+'))).not.toContain('the-hash');
    const { entries } = await store.feed.read(partitionOf(session.userId), 10);
    expect(entries).toHaveLength(3);
    for (const { event } of entries) expect(event.facts).toMatchObject({ session: { id: session.id, address } });
    // The control: the record has it.
    expect((await store.userSessions.get(session.id))?.secretHash).toBe('the-hash');
  });

  test('EVR5 events of nodes and of the directory are in the last partition', async () => {
    await store.events.append({ type: 'node.lost', nodeId: f.HERE });
    await store.directory.putUser(i.newUser({ banned: true }));
    const { entries } = await store.feed.read(DIRECTORY_PARTITION, 10);
    expect(entries.map(({ event }) => event.facts.type)).toEqual(['node.lost', 'user.banned']);
    expect(store.feed.partitions).toBe(DIRECTORY_PARTITION + 1);
  });

  test('EVR10 a page ends at about 1 MiB, with one event at least, and its reader reads on', async () => {
    const large = (bytes: number) => f.newSession({ metadata: { text: 'x'.repeat(bytes) } });
    const sessions = [large(400_000), large(400_000), large(2_000_000)];
    for (const session of sessions) {
      await store.relay.create(session, []);
      await store.relay.update(session.id, 'all', { locked: true });
    }
    const partitions = [...new Set(sessions.map(({ id }) => partitionOf(id)))];
    const readAll = async () => {
      const pages = await Promise.all(partitions.map((partition) => store.feed.read(partition, 10)));
      return pages.map(({ entries, hasMore }) => ({ read: entries.length, hasMore }));
    };
    const pages = await readAll();
    const read = pages.reduce((sum, page) => sum + page.read, 0);
    expect(read).toBeGreaterThanOrEqual(1);
    expect(read).toBeLessThan(6);
    expect(pages.some(({ hasMore }) => hasMore)).toBe(true);
    // Another feed is the first one now and then.
    const met = new Set<number>();
    await eventually(async () => {
      for (const [at, page] of (await readAll()).entries()) if (page.read > 0) met.add(at);
      return met.size === partitions.length ? null : 'a feed is passed over';
    });
    expect(await e.dispatch(store)).toHaveLength(6);
    const cursors: number[] = [];
    for (let after = 0; after < 6; after = cursors.at(-1) ?? 0) {
      const page = e.entriesOf(await store.events.of(e.ALL, after, 1_000));
      expect(page.length).toBeLessThan(4);
      cursors.push(f.sure(page.at(-1)).position);
    }
    expect(cursors.at(-1)).toBe(6);
    expect(cursors.length).toBeGreaterThan(2);
    const last = f.sure(sessions[2]).id;
    expect(e.entriesOf(await store.events.ofSession(last, 'all', 1, 1_000))).toHaveLength(1);
  });

  test('EVR11 the oldest event that is not too old is found among many that are', async () => {
    const { logs, log } = createKeys(keyPrefix);
    const session = f.newSession();
    await store.relay.create(session, []);
    const [, feed = ''] = createKeys(keyPrefix).sessionEvents(session.id);
    const text = f.sure(f.sure((await client.xrange(feed, '-', '+'))[0])[1][1]);
    const aged = text.replace(/^1 \d+/, '1 1');
    const pipeline = client.pipeline();
    for (let at = 1; at <= 500; at += 1) {
      pipeline.xadd(log('all'), `${String(at)}-0`, 'p', '0', 'a', '1-0', 'e', at <= 470 ? aged : text);
    }
    await pipeline.hset(logs, 'all', 500).exec();
    const lost = { outcome: 'cursor_lost', oldest: 471, newest: 500 };
    for (const after of [0, 1, 468, 469]) expect(await store.events.of(e.ALL, after, 100)).toEqual(lost);
    expect(e.entriesOf(await store.events.of(e.ALL, 470, 100))).toHaveLength(30);
    expect(e.entriesOf(await store.events.of(e.ALL, 499, 100))).toHaveLength(1);
    expect(e.entriesOf(await store.events.of(e.ALL, 500, 100))).toEqual([]);
  });

  test('EVR12 a log with too many bytes, or too many old events, loses its oldest events', async () => {
    const { logs, log } = createKeys(keyPrefix);
    const session = f.newSession({ metadata: { text: 'x'.repeat(10_000) } });
    await store.relay.create(session, []);
    for (let at = 1; at < 6; at += 1) await store.relay.update(session.id, 'all', { locked: true });
    await e.dispatch(store);
    const size = Number(await client.hget(logs, 'bytes all'));
    expect(size).toBeGreaterThan(60_000);
    expect(await client.hget(logs, 'bytes project:acme')).toBe(String(size));
    // The log of all events looks fuller than it is: about three more events are too many.
    await client.hset(logs, 'bytes all', MAX_LOG_BYTES - 10_000);
    for (let at = 0; at < 3; at += 1) await store.relay.update(session.id, 'all', { locked: true });
    await e.dispatch(store);
    const page = await store.events.of(e.ALL, 0, 10);
    expect(page).toMatchObject({ outcome: 'cursor_lost', newest: 9 });
    expect(Number(await client.hget(logs, 'bytes all'))).toBeLessThanOrEqual(MAX_LOG_BYTES);
    expect(await client.xlen(log('all'))).toBeLessThan(8);
    expect(await client.xlen(log('all'))).toBeGreaterThan(4);
    // The control: the log of the project keeps all.
    expect(await e.logged(store, e.OF_ACME)).toHaveLength(9);
    // One event stays, however large it is; when its log has expired, its bytes count no more.
    await client.hset(logs, 'bytes all', 10 * MAX_LOG_BYTES);
    await store.relay.update(session.id, 'all', { locked: false });
    await e.dispatch(store);
    expect(await client.xlen(log('all'))).toBe(1);
    await client.unlink(log('all'));
    await store.relay.update(session.id, 'all', { locked: true });
    await e.dispatch(store);
    expect(Number(await client.hget(logs, 'bytes all'))).toBeLessThan(11_000);
  });

  test('EVR13 large events leave the log of their session, and a feed, when they are too many bytes', async () => {
    const session = f.newSession({ metadata: { text: 'x'.repeat(200_000) } });
    const { id } = session;
    await store.relay.create(session, []);
    for (let at = 1; at < 8; at += 1) await store.relay.update(id, 'all', { locked: true });
    expect(await store.events.ofSession(id, 'all', 0, 10)).toMatchObject({ outcome: 'cursor_lost', newest: 8 });
    const page = f.sure(await store.events.ofSession(id, 'all', 5, 10));
    expect(e.entriesOf(page).map(({ position }) => position)).toEqual([6, 7, 8]);
    // The feed's count is too high: nothing is dropped, and the count is right again.
    const partition = partitionOf(id);
    const owner = createKeys(keyPrefix).feedOwner(partition);
    await client.hset(owner, 'bytes', FEED_BYTES);
    await store.relay.update(id, 'all', { locked: true });
    expect(Number(await client.hget(owner, 'bytes'))).toBeLessThan(2_000_000);
    expect((await store.feed.read(partition, 1)).dropped).toBe(0);
    const large = f.newSession({ id, metadata: { text: 'x'.repeat(FEED_BYTES / 8) } });
    for (let at = 0; at < 8; at += 1) await store.relay.update(id, 'all', { metadata: large.metadata });
    expect((await store.feed.read(partition, 1)).dropped).toBeGreaterThan(2);
    const read = (await e.dispatch(store)).length;
    const { dropped, hasMore } = await store.feed.read(partition, 1);
    expect({ total: read + dropped, hasMore }).toEqual({ total: 17, hasMore: false });
    expect(await client.hget(owner, 'bytes')).toBe('0');
  });

  test('EVR8 a session that is swept when its keys are gone has ended too, once, as its log last told of it', async () => {
    const session = f.newSession({ ttlMs: 50 });
    await store.relay.create(session, [f.newSeat()]);
    await f.joinMinted(store.relay, session.id);
    const updated = f.sure(await store.relay.update(session.id, 'all', { locked: true, ttlMs: 50 }));
    await client.unlink(...createKeys(keyPrefix).session(session.id));
    const hint = `${keyPrefix}:{index}:expiry`;
    const [member = ''] = await client.zrange(hint, '0', '-1');
    for (let swept = 0; swept < 2; swept += 1) {
      await client.zadd(hint, 1, member);
      expect(await store.relay.sweepExpired(10)).toEqual([session.id]);
    }
    const facts = await e.told(store, session.id);
    expect(facts.slice(-2)).toMatchObject([
      { type: 'session.updated' },
      { type: 'session.ended', why: 'expired', session: { session: updated } },
    ]);
    expect(facts).toHaveLength(4);
  });

  test('EVR6 each call is one script over keys of one tag, but for the newest positions, which are one read', async () => {
    const own = await startRedisServer();
    const monitored = new Redis(own.url);
    const alone = openedAt(own.url);
    try {
      await untilReady(alone);
      const { events, feed, relay } = alone;
      const session = f.newSession();
      await relay.create(session, []);
      const partition = partitionOf(session.id);
      const during = (run: () => Promise<unknown>) => commandsDuring(monitored, run);
      const { entries } = await feed.read(partition, 10);
      const hold = f.sure(await feed.claim(partition, f.HERE, 5_000));
      const once: readonly (() => Promise<unknown>)[] = [
        () => events.ofSession(session.id, 'all', 0, 10),
        () => events.of(e.ALL, 0, 10),
        () => events.append({ type: 'node.lost', nodeId: f.HERE }),
        () => feed.read(partition, 10),
        () => feed.publish(partition, entries),
        () => feed.settle(hold, f.sure(entries[0]).position),
        () => feed.claim(partition, f.HERE, 5_000),
        () => feed.release(hold),
      ];
      for (const call of once) expect(await during(call)).toEqual({ evalsha: 1 });
      expect(await during(() => events.newest([e.ALL, e.OF_ACME, e.DEPLOYMENT]))).toEqual({ hmget: 1 });
      expect(await during(() => feed.publish(partition, []))).toEqual({});
    } finally {
      await alone.stop();
      monitored.disconnect();
      await own.stop();
    }
  });
});
