/** A store serves only data of its own format: see docs/adr/0014-format-of-stored-data.md. */
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { STORE_FORMAT } from '../../src/adapters/redis/format.js';
import { createRedisStore } from '../../src/adapters/redis/redis-store.js';
import type { NodeReport } from '../../src/ports/node-store.js';
import type { Store } from '../../src/ports/store.js';
import { eventually } from '../support/eventually.js';
import { commandsDuring } from '../support/redis-monitor.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';
import { RecordingLog } from '../support/silent-log.js';
import { findKeys, randomPrefix, untilReady } from '../support/stores.js';
import * as f from './suites/fixtures.js';

const NEWER = '99';
const REPORT: NodeReport = {
  ...{ id: f.HERE, state: 'ready', startedAtMs: 1, labels: {}, publicUrl: 'ws://127.0.0.1', address: '127.0.0.1' },
  ...{ connections: 0, sessions: 0, version: '0', engine: 'none' },
};

let redis: RedisServer;
let client: Redis;
let keyPrefix: string;
let formatKey: string;
const cleanups: (() => Promise<void>)[] = [];

beforeEach(async () => {
  redis = await startRedisServer();
  client = new Redis(redis.url);
  keyPrefix = randomPrefix();
  formatKey = `${keyPrefix}:format`;
  cleanups.push(
    () => redis.stop(),
    async () => client.disconnect(),
  );
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Program {
  readonly store: Store;
  readonly log: RecordingLog;
}

/** A program of some version, connected or not. */
function open(format = STORE_FORMAT, url = redis.url): Program {
  const log = new RecordingLog();
  const store = createRedisStore({ url, keyPrefix, log, onFailure: () => undefined, format });
  cleanups.push(() => store.stop());
  store.start();
  return { store, log };
}

async function openReady(format?: string, url?: string): Promise<Program> {
  const program = open(format, url);
  await untilReady(program.store);
  return program;
}

/** A session with a member, as a program of some version writes it. */
async function writeSession(format = STORE_FORMAT): Promise<ReturnType<typeof f.newSession>> {
  const { store } = await openReady(format);
  const session = f.newSession();
  await store.relay.create(session, []);
  await f.joinMinted(store.relay, session.id);
  await store.stop();
  return session;
}

const untilRefuses = ({ store }: Program) =>
  eventually(() => (reasonOf(store).includes('store_format_unsupported') ? null : `it says "${reasonOf(store)}"`));

function reasonOf(store: Store): string {
  const health = store.health();
  return health.ok ? 'ok' : health.reason;
}

/** Every key with its content. */
async function contentOf(): Promise<ReadonlyMap<string, Buffer | null>> {
  const keys = (await findKeys(client, keyPrefix)).sort();
  return new Map(await Promise.all(keys.map(async (key) => [key, await client.dumpBuffer(key)] as const)));
}

const eventsOf = (log: RecordingLog) => log.events.filter(({ event }) => event === 'store_format_unsupported');

const REFUSAL = {
  code: 'store_unavailable',
  retryAfterS: 1,
  message: expect.stringMatching(/^store_format_unsupported: .*; nothing was changed\.$/),
};

describe('the format of the stored data', () => {
  test.each([
    ['an older format', '0', '0'],
    ['a newer format', NEWER, NEWER],
    ['no format', null, 'none'],
    ['a text of somebody else', 'a text\nof somebody else', 'unknown'],
  ])('ST80 a store refuses data of %s by name and changes nothing of it', async (_, version, found) => {
    const session = await writeSession();
    if (version === null) await client.del(formatKey);
    else await client.set(formatKey, version);
    const before = await contentOf();

    const program = open();
    await untilRefuses(program);
    const { relay, keys, nodes } = program.store;
    const calls = [
      relay.get(session.id, 'all'),
      relay.list({ scope: 'all', from: { offset: 0 }, limit: 1 }),
      relay.create(f.newSession(), []),
      relay.end(session.id, 'all'),
      relay.join(f.joinRequest(session.id, f.minted(f.userId()))),
      relay.sweepExpired(1),
      keys.list('all'),
      nodes.heartbeat(REPORT, 1_000),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject(REFUSAL);
    expect(await contentOf()).toEqual(before);
    expect(eventsOf(program.log)).toMatchObject([
      {
        level: 'error',
        fields: { found, expected: STORE_FORMAT, action: expect.stringContaining('SALLYPORT_REDIS_PREFIX') },
      },
    ]);
    expect(reasonOf(program.store)).not.toContain('somebody');

    // The control: the same data in the store's own format is served.
    await client.set(formatKey, STORE_FORMAT);
    await untilReady(program.store);
    expect(await relay.get(session.id, 'all')).toMatchObject({ seats: [{ member: {} }] });
  });

  test('ST80 a refusal that lasts is logged once, and again only when another format is found', async () => {
    await writeSession();
    await client.set(formatKey, NEWER);
    const program = open();
    await untilRefuses(program);
    const before = await timesAsked();
    await eventually(async () => ((await timesAsked()) >= before + 2 ? null : 'not asked again'));
    expect(eventsOf(program.log)).toHaveLength(1);
    await client.set(formatKey, '98');
    await eventually(() => (eventsOf(program.log).length === 2 ? null : 'not logged'));
  });

  /** How many scripts Redis was asked to run. */
  async function timesAsked(): Promise<number> {
    return Number(/^cmdstat_evalsha:calls=(\d+)/m.exec(await client.info('commandstats'))?.[1] ?? 0);
  }

  test('ST81 an empty Redis gets the version, also when the data is lost while the store runs, before all else', async () => {
    const { store } = await openReady();
    expect(await client.get(formatKey)).toBe(STORE_FORMAT);
    expect(await client.ttl(formatKey)).toBe(-1);
    await client.flushall();
    expect(await store.relay.get(f.sessionId(), 'all')).toBeNull();
    // A read writes nothing; the next write writes the version too.
    expect(await client.get(formatKey)).toBeNull();
    await store.relay.create(f.newSession(), []);
    expect(await client.get(formatKey)).toBe(STORE_FORMAT);
    // Nodes that come later find it.
    await openReady();
  });

  test('ST81 a store that refused serves when the data is gone', async () => {
    await writeSession();
    await client.set(formatKey, NEWER);
    const program = open();
    await untilRefuses(program);
    await client.flushall();
    await untilReady(program.store);
    expect(await client.get(formatKey)).toBe(STORE_FORMAT);
    await program.store.relay.create(f.newSession(), []);
  });

  test('ST81 data below another prefix is not looked at', async () => {
    const session = await writeSession();
    await client.set(formatKey, NEWER);
    keyPrefix = randomPrefix();
    const { store } = await openReady();
    expect(await store.relay.get(session.id, 'all')).toBeNull();
    expect(await client.get(formatKey)).toBe(NEWER);
  });

  test('ST82 of programs of two versions on one Redis the second refuses; the first goes on', async () => {
    const first = await openReady();
    const session = f.newSession();
    await first.store.relay.create(session, []);
    const second = open(NEWER);
    await untilRefuses(second);
    await expect(second.store.relay.end(session.id, 'all')).rejects.toMatchObject(REFUSAL);
    expect(eventsOf(second.log)).toMatchObject([{ fields: { found: STORE_FORMAT, expected: NEWER } }]);
    await f.joinMinted(first.store.relay, session.id);
    expect(first.store.health()).toEqual({ ok: true });

    // The data is lost, and the second program writes first: now the first one refuses, with its next write.
    await client.multi().flushall().set(formatKey, NEWER).exec();
    await untilReady(second.store);
    const later = f.newSession();
    await second.store.relay.create(later, []);
    await expect(first.store.relay.end(later.id, 'all')).rejects.toMatchObject(REFUSAL);
    await expect(first.store.relay.get(later.id, 'all')).rejects.toMatchObject(REFUSAL);
    expect(first.store.health().ok).toBe(false);
    expect(await second.store.relay.get(later.id, 'all')).not.toBeNull();
    // The control: the same call of the second program is served.
    expect(await second.store.relay.end(later.id, 'all')).toBe(true);
  });

  test('ST82 the check of the format costs a call no command of its own', async () => {
    const { store } = await openReady();
    const session = f.newSession();
    await store.relay.create(session, []);
    const during = (run: () => Promise<unknown>) => commandsDuring(client, run);
    expect(await during(() => f.joinMinted(store.relay, session.id))).toEqual({ evalsha: 1 });
    expect(await during(() => store.relay.get(session.id, 'all'))).toEqual({ evalsha: 1 });
  });

  test('ST83 on a Redis Cluster each heartbeat of a node checks the format, and writes a lost version again', async () => {
    const server = await startRedisServer(['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1']);
    const direct = new Redis(server.url);
    cleanups.push(
      () => server.stop(),
      async () => direct.disconnect(),
    );
    await direct.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await eventually(async () => ((await direct.cluster('INFO')).includes('state:ok') ? null : 'not formed'));
    const program = await openReady(STORE_FORMAT, `redis+cluster://127.0.0.1:${server.port}`);
    const { nodes, relay } = program.store;
    expect(await direct.get(formatKey)).toBe(STORE_FORMAT);

    await direct.flushall();
    await nodes.heartbeat(REPORT, 1_000);
    await eventually(async () => ((await direct.get(formatKey)) === STORE_FORMAT ? null : 'not written again'));

    await direct.set(formatKey, NEWER);
    await nodes.heartbeat(REPORT, 1_000);
    await untilRefuses(program);
    await expect(relay.create(f.newSession(), [])).rejects.toMatchObject(REFUSAL);
    // The control: with its own version it serves again.
    await direct.set(formatKey, STORE_FORMAT);
    await untilReady(program.store);
    await relay.create(f.newSession(), []);
  });
});
