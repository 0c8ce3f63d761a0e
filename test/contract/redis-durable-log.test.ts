import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { Redis } from 'ioredis';
import { createRedisStore } from '../../src/adapters/redis/redis-store.js';
import type { Store } from '../../src/ports/store.js';
import { eventually } from '../support/eventually.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';
import { durableLogOf, fieldsOf } from '../support/session-keys.js';
import { silentLog } from '../support/silent-log.js';
import { findKeys, openRedisStore, randomPrefix, untilReady } from '../support/stores.js';
import { durableLogRules } from './suites/durable-log-rules.js';
import * as f from './suites/fixtures.js';

const BATCH = { after: 0, seq: 1, bytes: Uint8Array.of(1) };

durableLogRules('redis', openRedisStore);

async function createdIn(store: Store) {
  const session = f.newSession({ durability: 'redis' });
  await store.relay.create(session, []);
  const home = { sessionId: session.id, nodeId: f.HERE, homeEpoch: 1 };
  const log = await store.durableLog.open(home, 'first');
  if (log.outcome !== 'opened') throw new Error(log.outcome);
  return { home, writer: log.writer };
}

describe('the durable log in Redis', () => {
  let store: Store;
  let client: Redis;
  const keyPrefix = randomPrefix();

  beforeEach(async () => {
    const url = inject('redisUrl');
    client = new Redis(url);
    store = createRedisStore({ url, keyPrefix, log: silentLog, onFailure: () => undefined });
    store.start();
    await untilReady(store);
  });

  afterEach(async () => {
    await store.stop();
    await client.unlink(...(await findKeys(client, keyPrefix)));
    client.disconnect();
  });

  test('DB17 a log that was opened on another server, or another run of it, begins a new numbering', async () => {
    const { home, writer } = await createdIn(store);
    await store.durableLog.append(home, writer, BATCH, 1);
    const fields = fieldsOf(home.sessionId, keyPrefix);
    expect(await store.durableLog.open(home, 'second')).toMatchObject({ epoch: 'first', seq: 1 });
    await client.hset(fields, 'log_server', 'f'.repeat(40));
    expect(await store.durableLog.open(home, 'second')).toMatchObject({ epoch: 'second', seq: 0, batches: [] });
  });

  test('DB17 the home that lives on keeps its numbering there', async () => {
    const { home, writer } = await createdIn(store);
    await store.durableLog.append(home, writer, BATCH, 1);
    await client.hset(fieldsOf(home.sessionId, keyPrefix), 'log_server', 'f'.repeat(40));
    expect(await store.durableLog.reopen(home, { epoch: 'first', seq: 1, oldestSeq: 1 })).toMatchObject({ seq: 1 });
    expect(await store.durableLog.open(home, 'second')).toMatchObject({ epoch: 'first', seq: 1 });
  });

  test('DB18 a log goes with its session, and expires with it', async () => {
    const { home, writer } = await createdIn(store);
    const key = durableLogOf(home.sessionId, keyPrefix);
    await store.durableLog.append(home, writer, BATCH, 1);
    expect(await client.pttl(key)).toBeGreaterThan(f.TTL_MS);
    await store.relay.update(home.sessionId, 'all', { ttlMs: 2 * f.TTL_MS });
    expect(await client.pttl(key)).toBeGreaterThan(2 * f.TTL_MS);
    await store.relay.end(home.sessionId, 'all');
    expect(await client.exists(key)).toBe(0);
  });

  test('DB18 the sweep of an expired session removes its log', async () => {
    const session = f.newSession({ durability: 'redis', ttlMs: 300 });
    await store.relay.create(session, []);
    const home = { sessionId: session.id, nodeId: f.HERE, homeEpoch: 1 };
    const log = await store.durableLog.open(home, 'first');
    if (log.outcome !== 'opened') throw new Error(log.outcome);
    await store.durableLog.append(home, log.writer, BATCH, 1);
    await eventually(async () => ((await store.relay.sweepExpired(10)).includes(session.id) ? null : 'not yet'));
    expect(await client.exists(durableLogOf(session.id, keyPrefix))).toBe(0);
  });
});

describe('the durable log with a replica', () => {
  const servers: RedisServer[] = [];

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  test('DB19 an append succeeds when the replica has it, and fails by name within 1.2 s when there is none', async () => {
    const master = await startRedisServer(['--repl-diskless-sync-delay', '0']);
    servers.push(master);
    const replica = await startRedisServer();
    servers.push(replica);
    const atMaster = new Redis(master.url);
    const atReplica = new Redis(replica.url);
    await atReplica.replicaof('127.0.0.1', master.port);
    const open = (durableReplicas: number): Store => {
      const store = createRedisStore({
        ...{ url: master.url, keyPrefix: 'p', log: silentLog, onFailure: () => undefined, durableReplicas },
      });
      store.start();
      return store;
    };
    const [store, control] = [open(1), open(0)];
    try {
      await untilReady(store);
      await untilReady(control);
      // The master counts a replica from its first report on.
      await eventually(async () =>
        (await atMaster.info('replication')).includes('state=online') &&
        Number(await atMaster.call('WAIT', 1, 100)) === 1
          ? null
          : 'no replica yet',
      );
      const { home, writer } = await createdIn(store);
      expect(await store.durableLog.append(home, writer, BATCH, 1)).toBe('appended');
      expect(await atReplica.xlen(durableLogOf(home.sessionId, 'p'))).toBe(1);

      replica.pause();
      const startedMs = performance.now();
      const second = { ...BATCH, after: 1, seq: 2 };
      await expect(store.durableLog.append(home, writer, second, 1)).rejects.toMatchObject({
        code: 'store_unavailable',
      });
      expect(performance.now() - startedMs).toBeLessThan(1200);
      expect(store.health()).toEqual({ ok: true });
      const without = await createdIn(control);
      expect(await control.durableLog.append(without.home, without.writer, BATCH, 1)).toBe('appended');
    } finally {
      replica.resume();
      atMaster.disconnect();
      atReplica.disconnect();
      await Promise.all([store.stop(), control.stop()]);
    }
  });
});
