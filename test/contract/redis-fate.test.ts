/** The outcome of calls when the connection to Redis stalls, is cut, or loses replies. */
import { Redis } from 'ioredis';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { createRedisStore } from '../../src/adapters/redis/redis-store.js';
import { createOperations } from '../../src/adapters/system/operations.js';
import type { NodeReport } from '../../src/ports/node-store.js';
import type { Operations } from '../../src/ports/operations.js';
import type { Store } from '../../src/ports/store.js';
import type { SessionId } from '../../src/protocol/ids.js';
import { Failure } from '../../src/protocol/failure.js';
import { ChaosProxy, seeded } from '../support/chaos-proxy.js';
import { eventually } from '../support/eventually.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';
import { RecordingLog } from '../support/silent-log.js';
import { randomPrefix, untilReady } from '../support/stores.js';
import * as f from './suites/fixtures.js';

const MUTATIONS = Number(process.env['SALLYPORT_TEST_FATE_MUTATIONS'] ?? 1_000);
const SEED = Number(process.env['SALLYPORT_TEST_SEED'] ?? Date.now() % 1_000_000);
const REPORT: NodeReport = {
  state: 'ready',
  id: f.HERE,
  startedAtMs: 1,
  labels: {},
  publicUrl: 'ws://127.0.0.1',
  address: '127.0.0.1',
  connections: 0,
  sessions: 0,
  version: '0',
  engine: 'none',
};
const KEY = {
  id: f.keyId('a'),
  projectId: f.ACME,
  name: '',
  scopes: [],
  secretHash: '',
  createdAtMs: 1,
  lastUsedAtMs: null,
};
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Opened {
  readonly store: Store;
  readonly operations: Operations;
  readonly log: RecordingLog;
}

function open(url: string, keyPrefix = randomPrefix()): Opened {
  const log = new RecordingLog();
  const operations = createOperations('a secret of these tests, long enough');
  const store = createRedisStore({ url, keyPrefix, log, onFailure: () => undefined, operations });
  cleanups.push(() => store.stop());
  store.start();
  return { store, operations, log };
}

async function redisServer(args: readonly string[] = [], port?: number): Promise<RedisServer> {
  const server = await startRedisServer(args, port);
  cleanups.push(() => server.stop());
  return server;
}

async function proxyTo(port: number): Promise<ChaosProxy> {
  const proxy = await ChaosProxy.start(port);
  cleanups.push(() => proxy.stop());
  return proxy;
}

type Fate = 'done' | 'not done' | 'unknown';

async function fateOf(call: Promise<unknown>): Promise<Fate> {
  try {
    await call;
    return 'done';
  } catch (error) {
    if (!Failure.is(error, 'store_unavailable')) throw error;
    return error.code === 'outcome_unknown' ? 'unknown' : 'not done';
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('calls in flight', () => {
  test('ST74 (F29) of calls that are sent while Redis stalls for 1.25 s none that is refused happens', async () => {
    const redis = await redisServer();
    const { store } = open(redis.url);
    await untilReady(store);
    redis.pause();
    const first = f.newSession();
    const fates: [SessionId, Promise<Fate>][] = [[first.id, fateOf(store.relay.create(first, []))]];
    await pause(850);
    for (let at = 0; at < 240; at += 1) {
      const session = f.newSession();
      fates.push([session.id, fateOf(store.relay.create(session, []))]);
    }
    await pause(200);
    const late = f.newSession();
    expect(await fateOf(store.relay.create(late, []))).toBe('not done');
    await pause(200);
    redis.resume();
    const seen = await Promise.all(fates.map(async ([id, fate]) => [id, await fate] as const));
    await untilReady(store);
    expect(seen.map(([, fate]) => fate)).toEqual(['unknown', ...Array.from({ length: 240 }, () => 'done')]);
    for (const [id, fate] of seen.slice(1))
      expect([(await store.relay.get(id, 'all')) !== null, fate]).toEqual([true, 'done']);
    expect(await store.relay.get(late.id, 'all')).toBeNull();
    // Its deadline at the server had passed when Redis woke.
    expect(await store.relay.get(first.id, 'all')).toBeNull();
  });

  test('ST73 (F8) a Redis that hangs for 10 s: 10,000 creates are refused, none happens when it wakes', async () => {
    const redis = await redisServer();
    const keyPrefix = randomPrefix();
    const { store } = open(redis.url, keyPrefix);
    await untilReady(store);
    const rssBefore = process.memoryUsage.rss();
    redis.pause();
    const wakes = performance.now() + 10_000;
    const refused: SessionId[] = [];
    const worker = async (): Promise<void> => {
      while (performance.now() < wakes || refused.length < 10_000) {
        const session = f.newSession();
        const fate = await fateOf(store.relay.create(session, []));
        expect(fate).not.toBe('done');
        if (fate === 'not done') refused.push(session.id);
        await pause(25);
      }
    };
    await Promise.all(Array.from({ length: 50 }, worker));
    redis.resume();
    await untilReady(store);
    const listed = await store.relay.list({ scope: 'all', from: { offset: 0 }, limit: 100 });
    // The few that were under way when it hung have passed their deadline as well.
    expect([listed.totalCount, refused.length >= 10_000]).toEqual([0, true]);
    expect(process.memoryUsage.rss() - rssBefore).toBeLessThan(50e6);
    // The control: what is asked of a Redis that is awake is done.
    expect(await fateOf(store.relay.create(f.newSession(), []))).toBe('done');
  }, 60_000);

  test('ST73 (F29) creates through stalls, cuts and lost replies at random moments', async () => {
    const redis = await redisServer();
    const proxy = await proxyTo(redis.port);
    const keyPrefix = randomPrefix();
    const { store } = open(`redis://127.0.0.1:${String(proxy.port)}`, keyPrefix);
    await untilReady(store);
    const random = seeded(SEED);
    proxy.cutsReply = () => random() < 0.02;
    const over = new AbortController();
    const chaos = (async () => {
      while (!over.signal.aborted) {
        await pause(100 + random() * 300);
        if (random() < 0.5) {
          redis.pause();
          await pause(900 + random() * 500);
          redis.resume();
        } else if (random() < 0.5) proxy.cut();
        else {
          proxy.stall();
          await pause(random() * 1_400);
          proxy.resume();
        }
      }
    })();
    const fates = new Map<SessionId, Fate>();
    // A run in which no reply is lost says nothing: such a run goes on until one is.
    let hasLost = false;
    const worker = async (): Promise<void> => {
      while (fates.size < MUTATIONS || !hasLost) {
        if (!store.health().ok) {
          await pause(5);
          continue;
        }
        const session = f.newSession();
        fates.set(session.id, 'unknown');
        const fate = await fateOf(store.relay.create(session, []));
        fates.set(session.id, fate);
        hasLost ||= fate === 'unknown';
      }
    };
    await Promise.all(Array.from({ length: 20 }, worker));
    over.abort();
    await chaos;
    proxy.cutsReply = () => false;
    // Whatever Redis still has to work through is done when it answers a connection of its own.
    await pause(1_000);
    const direct = open(redis.url, keyPrefix).store;
    await untilReady(direct);
    const broken: string[] = [];
    for (const [id, fate] of fates) {
      const exists = (await direct.relay.get(id, 'all')) !== null;
      if ((fate === 'done' && !exists) || (fate === 'not done' && exists)) broken.push(`${id} ${fate}`);
    }
    const counts = [...fates.values()].reduce<Partial<Record<Fate, number>>>(
      (sum, fate) => ({ ...sum, [fate]: (sum[fate] ?? 0) + 1 }),
      {},
    );
    expect(broken, `seed ${String(SEED)}`).toEqual([]);
    expect(counts.unknown).toBeGreaterThan(0);
    expect(fates.size).toBeGreaterThanOrEqual(MUTATIONS);
  }, 600_000);
});

describe('a repeat', () => {
  test('ST76 of a change under one operation gets the first reply and changes nothing; without it, it is another change', async () => {
    const { store, operations } = open(inject('redisUrl'));
    await untilReady(store);
    const session = f.newSession();
    const seat = f.newSeat();
    const twice = async <T>(id: string | null, work: () => Promise<T>): Promise<[T, T]> => [
      await operations.run(id, work),
      await operations.run(id, work),
    ];
    const [made, again] = await twice('create', () => store.relay.create(session, []));
    expect(again).toEqual(made);
    const [authorized, repeated] = await twice('authorize', () => store.relay.authorize(session.id, 'all', seat));
    expect([authorized.outcome, repeated]).toEqual(['authorized', authorized]);
    expect(await twice('end', () => store.relay.end(session.id, 'all'))).toEqual([true, true]);
    // The control: without an id each is an operation of its own.
    const other = f.newSession();
    await store.relay.create(other, []);
    const [first, second] = await twice(null, () =>
      store.relay.authorize(other.id, 'all', f.newSeat({ address: '9.9.9.9' })),
    );
    expect([first.outcome, second.outcome]).toEqual(['authorized', 'address_already_authorized']);
    expect(await twice(null, () => store.relay.end(other.id, 'all'))).toEqual([true, false]);
    const rate = { burst: 1, periodMs: 60_000 };
    const [one, two] = await twice('rate', () => store.rateLimits.take([{ key: 'a', rate }]));
    expect([one.allowed, two.allowed]).toEqual([true, false]);
  });
});

describe('an outage', () => {
  test('ST77 (F11) connections that are killed again and again are one outage, with counts', async () => {
    const redis = await redisServer();
    const { store, log } = open(redis.url);
    await untilReady(store);
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const admin = new Redis(redis.url);
    cleanups.push(async () => admin.disconnect());
    for (let at = 0; at < 20; at += 1) {
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      await fateOf(store.keys.list('all'));
      await pause(100);
    }
    await eventually(() => (log.events.length >= 3 ? null : 'no end was logged'));
    process.off('warning', onWarning);
    expect(log.events.map(({ level, event }) => `${level} ${event}`)).toEqual([
      'info store_connected',
      'warn store_lost',
      'info store_connected',
    ]);
    expect(Number(log.events[2]?.fields['times_lost'])).toBeGreaterThan(5);
    expect(warnings).toEqual([]);
  });

  test('ST77 (F11) a Redis that refuses writes is one outage; it is not healthy until it takes them', async () => {
    const redis = await redisServer();
    const { store, log } = open(redis.url);
    await untilReady(store);
    const admin = new Redis(redis.url);
    cleanups.push(async () => admin.disconnect());
    await admin.replicaof('127.0.0.1', '1');
    for (let at = 0; at < 20; at += 1) {
      expect(await fateOf(store.nodes.heartbeat(REPORT, 1_000))).toBe('not done');
      await pause(50);
    }
    expect(store.health().ok).toBe(false);
    await admin.replicaof('NO', 'ONE');
    await eventually(async () => ((await fateOf(store.nodes.heartbeat(REPORT, 1_000))) === 'done' ? null : 'no write'));
    await eventually(() => (store.health().ok ? null : 'not healthy'));
    await eventually(() => (log.events.length >= 3 ? null : 'no end was logged'));
    expect(log.events.map(({ event }) => event)).toEqual(['store_connected', 'store_lost', 'store_connected']);
  });

  test('ST78 (F11) a Redis that loads its data is used soon after it is done', async () => {
    const redis = await redisServer(['--enable-debug-command', 'yes']);
    const { store } = open(redis.url);
    await untilReady(store);
    const admin = new Redis(redis.url);
    cleanups.push(async () => admin.disconnect());
    await admin.call('DEBUG', 'POPULATE', '3000');
    await admin.config('SET', 'key-load-delay', '1000');
    await admin.config('SET', 'loading-process-events-interval-bytes', '1024');
    const loading = admin.call('DEBUG', 'RELOAD');
    await eventually(async () => ((await fateOf(store.keys.put(KEY))) === 'done' ? 'not loading yet' : null));
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes').catch(() => undefined);
    await loading;
    const doneAtMs = performance.now();
    await eventually(async () => ((await fateOf(store.keys.put(KEY))) === 'done' ? null : 'refused'));
    expect(performance.now() - doneAtMs).toBeLessThan(3_000);
  });
});
