import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, test } from 'vitest';
import { createRedisStore } from '../../src/adapters/redis/redis-store.js';
import { parseRedisUrl } from '../../src/adapters/redis/url.js';
import type { Store } from '../../src/ports/store.js';
import { eventually } from '../support/eventually.js';
import { freePort, startRedisServer, untilAnswers } from '../support/redis-server.js';
import { silentLog } from '../support/silent-log.js';
import { randomPrefix, untilReady } from '../support/stores.js';
import * as f from './suites/fixtures.js';
import { useIdentityStores } from './suites/use-identity-stores.js';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(url: string): Promise<Store> {
  const store = createRedisStore({ url, keyPrefix: randomPrefix(), log: silentLog, onFailure: () => undefined });
  cleanups.push(() => store.stop());
  store.start();
  await untilReady(store);
  return store;
}

/** One call of everything, so that a key outside of a script's hash slot would show. */
async function useEverything(store: Store): Promise<void> {
  const session = f.newSession({ maxUsers: 2 });
  const [seat, other] = [f.newSeat(), f.newSeat()];
  const { relay } = store;
  const { id } = session;
  await relay.create(session, [seat]);
  expect(await relay.authorize(id, f.ACME, other)).toMatchObject({ outcome: 'authorized' });
  const member = await f.joinPair(relay, session, seat);
  const second = await f.joinPair(relay, session, other);
  expect(await relay.handOverHost(id, f.HOME, second.host, second.index)).toEqual({ index: second.index, term: 2 });
  expect(await relay.away(f.holdOf(id, member))).toBe(true);
  expect(await relay.leave(f.holdOf(id, second))).toMatchObject({ outcome: 'left', host: { index: member.index } });
  expect(await relay.mint(id, f.ACME, f.userId())).toMatchObject({ outcome: 'mintable' });
  expect(await relay.revoke(id, f.ACME, seat.token)).toMatchObject({ outcome: 'revoked' });
  const selector = { by: 'token', token: other.token } as const;
  expect(await relay.kick({ sessionId: id, scope: 'all', selector, ban: true })).toMatchObject({ outcome: 'kicked' });
  const { durableLog } = store;
  const home = { sessionId: id, nodeId: f.HERE, homeEpoch: 1 };
  expect(await durableLog.open(home, 'first')).toMatchObject({ outcome: 'opened', writer: 1 });
  expect(await durableLog.append(home, 1, { after: 0, seq: 1, bytes: Uint8Array.of(1) }, 1)).toBe('appended');
  const known = { epoch: 'first', seq: 1, oldestSeq: 1 };
  expect(await durableLog.reopen(home, known)).toMatchObject({ outcome: 'opened', writer: 2 });
  expect(await relay.claimHome(id, f.homeNow(f.HERE), f.ELSEWHERE)).not.toBeNull();
  expect(await relay.list({ scope: f.ACME, from: { offset: 0 }, limit: 5 })).toMatchObject({ totalCount: 1 });
  expect(await relay.update(id, 'all', { ttlMs: 1 })).not.toBeNull();
  await eventually(async () => ((await relay.sweepExpired(5)).includes(id) ? null : 'not swept yet'));
  const ended = f.newSession();
  await relay.create(ended, []);
  expect(await relay.end(ended.id, f.ACME)).toBe(true);
  expect(await relay.list({ scope: 'all', from: { offset: 0 }, limit: 5 })).toMatchObject({ totalCount: 0 });

  const key = {
    id: f.keyId('a'),
    name: 'a',
    scopes: [],
    projectId: f.ACME,
    secretHash: 'h',
    createdAtMs: 1,
    lastUsedAtMs: null,
  };
  await store.keys.put(key);
  expect(await store.keys.list(f.ACME)).toEqual([key]);
  expect(await store.keys.remove(key.id, f.ACME)).toBe(true);
  const call = { key: 'key', fingerprint: 'print', operationId: 'op', owner: 'one', runningTtlMs: 1_000, ttlMs: 1_000 };
  expect(await store.idempotency.start(call)).toEqual({ outcome: 'started', operationId: 'op' });
  await store.idempotency.finish('key', 'op', { status: 204 });
  await store.idempotency.forget('key', 'op');
  await useIdentityStores(store, Date.now());
}

describe('Redis by other URLs', () => {
  test('ST61 the store works on a Redis Cluster', async () => {
    const server = await startRedisServer(['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1']);
    cleanups.push(() => server.stop());
    const client = new Redis(server.url);
    cleanups.push(async () => client.disconnect());
    await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await eventually(async () => ((await client.cluster('INFO')).includes('state:ok') ? null : 'not formed'));
    await useEverything(await open(`redis+cluster://127.0.0.1:${server.port}`));
  });

  test('ST61 the store works behind Sentinel', async () => {
    const master = await startRedisServer();
    cleanups.push(() => master.stop());
    const dir = await mkdtemp(join(tmpdir(), 'sallyport-sentinel-'));
    cleanups.push(() => rm(dir, { recursive: true, force: true }));
    const config = join(dir, 'sentinel.conf');
    const port = await freePort();
    await writeFile(config, `port ${port}\nbind 127.0.0.1\nsentinel monitor ours 127.0.0.1 ${master.port} 1\n`);
    const sentinel = spawn('redis-server', [config, '--sentinel'], { stdio: 'ignore' });
    cleanups.push(async () => {
      const exit = new Promise((resolve) => sentinel.once('exit', resolve));
      sentinel.kill('SIGKILL');
      await exit;
    });
    await untilAnswers(`redis://127.0.0.1:${port}`);
    await useEverything(await open(`redis+sentinel://127.0.0.1:${port}/ours`));
  });

  test.each([
    ['redis://h', { seeds: null, options: { host: 'h', port: 6379 } }],
    ['redis://:p%40ss@h:1/2', { seeds: null, options: { host: 'h', port: 1, password: 'p@ss', db: 2 } }],
    ['rediss://u:p@[::1]:7', { seeds: null, options: { host: '::1', port: 7, username: 'u', password: 'p', tls: {} } }],
    [
      'redis+sentinel://:p@a:1,b/main/3',
      {
        seeds: null,
        options: {
          sentinels: [
            { host: 'a', port: 1 },
            { host: 'b', port: 26379 },
          ],
          name: 'main',
          password: 'p',
          db: 3,
        },
      },
    ],
    [
      'rediss+cluster://a:1,b:2',
      {
        seeds: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
        ],
        options: { tls: {} },
      },
    ],
  ])('ST62 the URL %s is understood', (url, target) => {
    expect(parseRedisUrl(url)).toEqual(target);
  });

  test.each([
    '',
    'http://h',
    'redis://',
    'redis://secret@a,b',
    'redis://h:0',
    'redis://:secret@h/x',
    'redis+sentinel://h',
  ])('ST62 the URL "%s" is refused in words that do not repeat it', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(/The Redis URL cannot be used/);
    expect(() => parseRedisUrl(url)).not.toThrow(/secret/);
  });
});
