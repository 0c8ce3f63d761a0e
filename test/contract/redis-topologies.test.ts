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
import { LOCALHOST_CERT, LOCALHOST_KEY } from '../support/localhost-tls.js';
import { silentLog } from '../support/silent-log.js';
import { randomPrefix, untilReady } from '../support/stores.js';
import * as f from './suites/fixtures.js';
import { useEverything } from './suites/use-everything.js';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(url: string, withinMs?: number): Promise<Store> {
  const store = createRedisStore({ url, keyPrefix: randomPrefix(), log: silentLog, onFailure: () => undefined });
  cleanups.push(() => store.stop());
  store.start();
  await untilReady(store, withinMs);
  return store;
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

  test('RF4 the store works over TLS with a client certificate and an ACL user: one server, Sentinel and Cluster', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'sallyport-tls-'));
    cleanups.push(() => rm(dir, { recursive: true, force: true }));
    const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
    await Promise.all([writeFile(cert, LOCALHOST_CERT), writeFile(key, LOCALHOST_KEY)]);
    const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert];
    const options = `tls_ca=${cert}&tls_cert=${cert}&tls_key=${key}`;
    const user = ['--user', 'gateway', 'on', '>p@ss', '~*', '&*', '+@all'];
    const [port, clusterPort, sentinelPort] = [await freePort(), await freePort(), await freePort()];
    const master = await startRedisServer(['--tls-port', String(port), ...files, ...user]);
    cleanups.push(() => master.stop());
    const config = join(dir, 'sentinel.conf');
    const sentinel = [
      ...[`port 0`, `tls-port ${String(sentinelPort)}`, 'bind 127.0.0.1', 'tls-replication yes'],
      ...[`tls-cert-file ${cert}`, `tls-key-file ${key}`, `tls-ca-cert-file ${cert}`, 'requirepass of-sentinel'],
      `sentinel monitor ours 127.0.0.1 ${String(port)} 1`,
    ];
    await writeFile(config, `${sentinel.join('\n')}\n`);
    const process = spawn('redis-server', [config, '--sentinel'], { stdio: 'ignore' });
    cleanups.push(async () => {
      const exit = new Promise((resolve) => process.once('exit', resolve));
      process.kill('SIGKILL');
      await exit;
    });
    const clusterArgs = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--tls-cluster', 'yes'];
    const cluster = await startRedisServer([...clusterArgs, '--tls-port', String(clusterPort), ...files, ...user]);
    cleanups.push(() => cluster.stop());
    const client = new Redis(cluster.url);
    cleanups.push(async () => client.disconnect());
    await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await eventually(async () => ((await client.cluster('INFO')).includes('state:ok') ? null : 'not formed'));

    const login = 'gateway:p%40ss@127.0.0.1';
    const sentinels = `${options}&sentinel_password=of-sentinel`;
    for (const url of [
      `rediss://${login}:${String(port)}?${options}`,
      `rediss+sentinel://${login}:${String(sentinelPort)}/ours?${sentinels}`,
      `rediss+cluster://${login}:${String(clusterPort)}?${options}`,
    ]) {
      const store = await open(url);
      await store.relay.create(f.newSession(), []);
    }
    // The controls: an authority that is not trusted, and sentinels without their password.
    for (const url of [
      `rediss://${login}:${String(port)}`,
      `rediss+sentinel://${login}:${String(sentinelPort)}/ours?${options}`,
    ])
      await expect(open(url, 1_000)).rejects.toThrow(/SELF_SIGNED|no sentinel is reachable/);
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
      'rediss+sentinel://u:p@a/main?sentinel_username=s&sentinel_password=q&tls_servername=r.example',
      {
        seeds: null,
        options: {
          sentinels: [{ host: 'a', port: 26379 }],
          name: 'main',
          username: 'u',
          password: 'p',
          tls: { servername: 'r.example' },
          sentinelUsername: 's',
          sentinelPassword: 'q',
          sentinelTLS: { servername: 'r.example' },
          enableTLSForSentinelMode: true,
        },
      },
    ],
    [
      'rediss+sentinel://a/main?sentinel_tls=no',
      {
        seeds: null,
        options: { sentinels: [{ host: 'a', port: 26379 }], name: 'main', tls: {}, enableTLSForSentinelMode: true },
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
    ['redis://h?db=1', 'no option "db"; it has none'],
    ['redis://h?tls_ca=/a', 'no option "tls_ca"'],
    ['rediss://h?tls_verify=no', 'no option "tls_verify"; it has tls_ca, tls_cert, tls_key, tls_servername'],
    ['redis+sentinel://h/m?sentinel_user=secret', 'no option "sentinel_user"; it has sentinel_username'],
  ])('RF5 the URL %s is refused: it names the option that is unknown', (url, named) => {
    expect(() => parseRedisUrl(url)).toThrow(named);
    expect(() => parseRedisUrl(url)).not.toThrow(/secret/);
  });

  test.each([
    '',
    'http://h',
    'redis://',
    'redis://secret@a,b',
    'redis://h:0',
    'redis://:secret@h/x',
    'redis+sentinel://h',
    'redis+cluster://h/secret',
    'rediss://h?tls_ca=/secret',
    'rediss://h?tls_cert=/secret',
    'redis+sentinel://h/m?sentinel_password=secret&sentinel_password=secret',
  ])('ST62 the URL "%s" is refused in words that do not repeat it', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(/The Redis URL cannot be used/);
    expect(() => parseRedisUrl(url)).not.toThrow(/secret/);
  });
});
