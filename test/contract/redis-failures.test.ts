import { Redis } from 'ioredis';
import { afterEach, describe, expect, test } from 'vitest';
import { createRedisStore } from '../../src/adapters/redis/redis-store.js';
import type { ApiKeyRecord } from '../../src/ports/key-store.js';
import type { Store } from '../../src/ports/store.js';
import { eventually } from '../support/eventually.js';
import { freePort, startRedisServer, type RedisServer } from '../support/redis-server.js';
import { RecordingLog } from '../support/silent-log.js';
import { randomPrefix, untilReady } from '../support/stores.js';
import * as f from './suites/fixtures.js';

const LONGEST_CALL_MS = 1_200;
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function server(args: readonly string[] = [], port?: number): Promise<RedisServer> {
  const started = await startRedisServer(args, port);
  cleanups.push(() => started.stop());
  return started;
}

function open(url: string): { store: Store; log: RecordingLog; failures: string[] } {
  const log = new RecordingLog();
  const failures: string[] = [];
  const store = createRedisStore({
    url,
    keyPrefix: randomPrefix(),
    log,
    onFailure: (operation) => failures.push(operation),
  });
  cleanups.push(() => store.stop());
  store.start();
  return { store, log, failures };
}

/** The error that a call ended with, and how long the call took. */
async function timed(call: Promise<unknown>): Promise<{ thrown: unknown; tookMs: number }> {
  const startedAt = performance.now();
  const thrown = await call.then(
    () => null,
    (error: unknown) => error,
  );
  return { thrown, tookMs: performance.now() - startedAt };
}

function expectUnavailable(thrown: unknown): void {
  expect(thrown).toMatchObject({ code: 'store_unavailable', retryAfterS: 1 });
}

/** The call was sent, and Redis did not say what came of it. */
function expectUnknown(thrown: unknown): void {
  expect(thrown).toMatchObject({ code: 'outcome_unknown', retryAfterS: 1 });
}

/** A call that this process runs, under an Idempotency-Key. */
const call = (key: string) => ({
  key,
  fingerprint: 'print',
  operationId: 'op',
  owner: 'one',
  runningTtlMs: 60_000,
  ttlMs: 60_000,
});

function newKey(name: string): ApiKeyRecord {
  const blank = { name: '', scopes: [], secretHash: '', createdAtMs: 1, lastUsedAtMs: null };
  return { id: f.keyId(name), projectId: f.ACME, ...blank };
}

async function create(store: Store): Promise<ReturnType<typeof f.newSession>> {
  const session = f.newSession({ maxUsers: 1_000 });
  await store.relay.create(session, []);
  return session;
}

describe('Redis is unavailable', () => {
  test('ST50 calls reject with store_unavailable at once while there is no Redis, and work when it appears', async () => {
    const port = await freePort();
    const { store, log, failures } = open(`redis://:secret-password@127.0.0.1:${port}`);
    expect(store.health().ok).toBe(false);
    const calls = [
      store.relay.create(f.newSession(), []),
      store.relay.join(f.joinRequest(f.sessionId(), f.minted(f.userId()))),
      store.relay.list({ scope: 'all', from: { offset: 0 }, limit: 1 }),
      store.relay.sweepExpired(1),
      store.keys.list('all'),
      store.keys.put(newKey('a')),
      store.nodes.leave(f.HERE),
      store.idempotency.start(call('key')),
    ];
    for (const { thrown, tookMs } of await Promise.all(calls.map(timed))) {
      expectUnavailable(thrown);
      expect(tookMs).toBeLessThan(100);
    }
    expect(failures).toEqual(expect.arrayContaining(['relay.create', 'relay.join', 'keys.list', 'nodes.leave']));
    await eventually(() => (log.events.length > 0 ? null : 'nothing logged'));

    await server(['--requirepass', 'secret-password'], port);
    await untilReady(store);
    await create(store);
    await eventually(() => (log.events.length > 1 ? null : 'not logged that it is back'));
    expect(log.events.map(({ event }) => event)).toEqual(['store_lost', 'store_connected']);
    expect(JSON.stringify([log.events, store.health()])).not.toMatch(/secret-password|127\.0\.0\.1/);
  });

  test('ST51 with a Redis that stopped answering no call takes longer than 1.2 s, and calls work again when it wakes', async () => {
    const redis = await server();
    const { store, log, failures } = open(redis.url);
    await untilReady(store);
    const session = await create(store);
    await f.joinMinted(store.relay, session.id);

    redis.pause();
    const stalled = [];
    for (let at = 0; at < 30; at += 1) {
      const calls = [
        store.relay.join(f.joinRequest(session.id, f.minted(f.userId()))),
        store.relay.get(session.id, 'all'),
        store.nodes.heartbeat(REPORT, 1_000),
      ].map(timed);
      stalled.push(...(await Promise.all(calls)));
    }
    for (const [at, { thrown, tookMs }] of stalled.entries()) {
      // The join, the first of three calls, was sent; the others were not.
      if (at === 0) expectUnknown(thrown);
      else expectUnavailable(thrown);
      expect(tookMs).toBeLessThan(LONGEST_CALL_MS);
    }
    expect(failures).toHaveLength(90);
    expect(store.health().ok).toBe(false);

    redis.resume();
    await untilReady(store);
    expect((await f.joinMinted(store.relay, session.id)).outcome).toBe('joined');
    await eventually(() => (log.events.length > 2 ? null : 'not logged that it is back'));
    expect(log.events.map(({ event }) => event)).toEqual(['store_connected', 'store_lost', 'store_connected']);
  });

  test('ST52 what a caller was told is not done is not done later, when a stalled Redis wakes', async () => {
    const redis = await server();
    const { store } = open(redis.url);
    await untilReady(store);
    const session = await create(store);
    const kept = newKey('a');
    await store.keys.put(kept);
    await store.idempotency.start(call('running'));
    redis.pause();
    const calls = [
      store.relay.join(f.joinRequest(session.id, f.minted(f.userId()))),
      store.relay.create(f.newSession(), []),
      store.relay.end(session.id, 'all'),
      store.keys.put(newKey('b')),
      store.keys.remove(kept.id, 'all'),
      store.events.append({ type: 'node.lost', nodeId: f.HERE }),
    ];
    const upkeep = [
      store.keys.noteUse(kept.id, 1),
      store.idempotency.start(call('late')),
      store.idempotency.finish('running', 'op', { status: 204 }),
      store.idempotency.forget('running', 'op'),
    ];
    for (const { thrown } of await Promise.all(calls.map(timed))) expectUnknown(thrown);
    for (const { thrown } of await Promise.all(upkeep.map(timed))) expectUnavailable(thrown);
    redis.resume();
    await untilReady(store);
    expect(await store.relay.get(session.id, 'all')).toMatchObject({ session: { host: { term: 0 } }, seats: [] });
    expect(await store.relay.list({ scope: 'all', from: { offset: 0 }, limit: 9 })).toMatchObject({ totalCount: 1 });
    expect(await store.keys.list('all')).toEqual([kept]);
    expect(await store.idempotency.start(call('running'))).toEqual({ outcome: 'started', operationId: 'op' });
    expect(await store.idempotency.start({ ...call('late'), operationId: 'new' })).toEqual({
      outcome: 'started',
      operationId: 'new',
    });
  });

  test('ST53 a Redis that was restarted is used again, though it has lost everything', async () => {
    const redis = await server();
    const { store } = open(redis.url);
    await untilReady(store);
    const session = await create(store);
    await redis.stop();
    await eventually(() => (store.health().ok ? 'still connected' : null));
    await server([], redis.port);
    await untilReady(store);
    expect(await store.relay.get(session.id, 'all')).toBeNull();
    await create(store);
  });

  test('ST54 a Redis that cannot take writes is store_unavailable, and reads go on', async () => {
    const redis = await server();
    const { store } = open(redis.url);
    await untilReady(store);
    const session = await create(store);
    const client = new Redis(redis.url);
    cleanups.push(async () => client.disconnect());
    await client.config('SET', 'maxmemory', '1');
    expectUnavailable((await timed(store.relay.join(f.joinRequest(session.id, f.minted(f.userId()))))).thrown);
    await client.config('SET', 'maxmemory', '0');
    await f.joinMinted(store.relay, session.id);
    await client.replicaof('127.0.0.1', '1');
    expectUnavailable((await timed(store.relay.end(session.id, 'all'))).thrown);
    await client.replicaof('NO', 'ONE');
    await eventually(async () => ((await store.relay.end(session.id, 'all')) ? null : 'not ended'));
  });

  test('ST55 stop ends within a second, with a Redis that does not answer too, and can be called again', async () => {
    const redis = await server();
    const { store } = open(redis.url);
    await untilReady(store);
    redis.pause();
    for (let at = 0; at < 2; at += 1) expect((await timed(store.stop())).tookMs).toBeLessThan(1_000);
    expectUnavailable((await timed(store.keys.list('all'))).thrown);
    redis.resume();
  });
});

const REPORT = {
  id: f.HERE,
  state: 'ready',
  startedAtMs: 1,
  labels: {},
  publicUrl: 'ws://127.0.0.1',
  address: '127.0.0.1',
  connections: 0,
  sessions: 0,
  version: '0',
  engine: 'none',
} as const;
