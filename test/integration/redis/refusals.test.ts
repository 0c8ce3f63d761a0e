/** A Redis that answers, but not with what was asked: each kind of refusal is named, and passes. */
import { rm } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Backend, pairOf } from '../../support/backend.js';
import { Client } from '../../support/client.js';
import { eventually } from '../../support/eventually.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';
import { freePort, startRedisServer } from '../../support/redis-server.js';

/** Row F11 of the test matrix. */
const RECOVERED_WITHIN_MS = 3_000;
/** A second user, for the rights that the first one loses. */
const ADMIN = ['--user', 'admin', 'on', 'nopass', '~*', '&*', '+@all'];
const ONE_USER = { users: [{ ip: '127.0.0.1' }] };
const EXPIRED_PASSWORD = 'a password that was changed';

interface Refusal {
  readonly code: string;
  /** Text that `/readyz` shows. */
  readonly named?: string;
  readonly foundByCall?: true;
  readonly begin: (admin: Redis) => Promise<unknown>;
  readonly end: (admin: Redis) => Promise<unknown>;
}

const REFUSALS: readonly Refusal[] = [
  {
    code: 'OOM',
    begin: (admin) => admin.config('SET', 'maxmemory', '1'),
    end: (admin) => admin.config('SET', 'maxmemory', '0'),
  },
  {
    code: 'READONLY',
    begin: (admin) => admin.replicaof('127.0.0.1', '1'),
    end: (admin) => admin.replicaof('NO', 'ONE'),
  },
  {
    code: 'NOREPLICAS',
    begin: (admin) => admin.config('SET', 'min-replicas-to-write', '1'),
    end: (admin) => admin.config('SET', 'min-replicas-to-write', '0'),
  },
  {
    code: 'NOPERM',
    // The node's heartbeats go on without this right: a call finds out.
    foundByCall: true,
    named: 'no right to the commands zadd',
    begin: (admin) => admin.call('ACL', 'SETUSER', 'default', '-zadd'),
    end: (admin) => admin.call('ACL', 'SETUSER', 'default', '+@all'),
  },
  {
    code: 'NOPERM',
    named: 'no right to the commands evalsha',
    begin: (admin) => admin.call('ACL', 'SETUSER', 'default', '-evalsha'),
    end: (admin) => admin.call('ACL', 'SETUSER', 'default', '+@all'),
  },
  {
    code: 'LOADING',
    // It would take 20 s: longer than any machine needs for the calls that are refused meanwhile.
    begin: async (admin) => {
      await admin.call('DEBUG', 'POPULATE', '40000');
      await admin.config('SET', 'key-load-delay', '500');
      await admin.config('SET', 'loading-process-events-interval-bytes', '1024');
      const reloading = admin.duplicate();
      void reloading
        .call('DEBUG', 'RELOAD')
        .catch(() => undefined)
        .finally(() => {
          reloading.disconnect();
        });
    },
    end: (admin) => admin.config('SET', 'key-load-delay', '0'),
  },
  {
    code: 'MISCONF',
    begin: async (admin) => {
      const [, dir] = z.tuple([z.string(), z.string()]).parse(await admin.config('GET', 'dir'));
      await rm(dir, { recursive: true });
      await admin.config('SET', 'save', '3600 1');
      await admin.bgsave();
    },
    end: (admin) => admin.config('SET', 'stop-writes-on-bgsave-error', 'no'),
  },
];

interface Pair {
  readonly admin: Redis;
  readonly running: RunningGateway;
  readonly backend: Backend;
}

/** A gateway on a Redis of its own. */
async function withPair(use: (pair: Pair) => Promise<void>): Promise<void> {
  const redis = await startRedisServer(['--enable-debug-command', 'yes', ...ADMIN]);
  const admin = new Redis(redis.url, { username: 'admin', password: 'any', enableReadyCheck: false });
  const running = await startGateway({ redisUrl: redis.url });
  const backend = new Backend(running.url);
  try {
    await untilReady(backend);
    await use({ admin, running, backend });
  } finally {
    await running.stop();
    admin.disconnect();
    await redis.stop();
  }
}

describe.concurrent('a Redis that refuses', () => {
  it.each(REFUSALS)(
    'RF1, RF2 (F11) $code: not ready by name, calls are 503, sockets stay; ready again in time',
    async (refusal) => {
      await withPair(async ({ admin, running, backend }) => {
        const session = await backend.createSession(2);
        const client = await Client.join(running.socketUrl, pairOf(session));
        expect((await backend.call('GET', '/readyz')).status).toBe(200);
        await refusal.begin(admin);
        if (refusal.foundByCall === true) await backend.relays('POST', '/v1/relays/sessions', ONE_USER);
        await untilNotReady(backend, refusal.named ?? refusal.code);
        for (let at = 0; at < 12; at += 1) {
          const answer = await backend.relays('POST', '/v1/relays/sessions', ONE_USER);
          expect([answer.status, answer.body]).toMatchObject([503, { message: expect.any(String) }]);
          expect(answer.headers.get('retry-after')).toBe('1');
          expect((await backend.call('GET', '/readyz')).status).toBe(503);
          await new Promise((resolve) => setTimeout(resolve, 60));
        }
        expect((await backend.call('GET', '/metrics')).body).toMatch(/^sallyport_store_up 0$/m);
        await refusal.end(admin);
        const endedAtMs = performance.now();
        await untilReady(backend);
        expect(performance.now() - endedAtMs).toBeLessThan(RECOVERED_WITHIN_MS);
        await backend.createSession(1);
        await client.settle();
        expect(client.closed).toBeNull();
      });
    },
  );

  it('RF2 (F11) scripts that Redis forgets all the time fail no call, and the node stays ready', async () => {
    await withPair(async ({ admin, backend }) => {
      for (let at = 0; at < 20; at += 1) {
        const flushed = admin.script('FLUSH');
        await backend.createSession(1);
        await flushed;
        expect((await backend.call('GET', '/readyz')).status).toBe(200);
      }
    });
  });
});

describe.concurrent('a Redis that a node cannot use', () => {
  const cleanups: (() => Promise<unknown>)[] = [];

  afterAll(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  async function gatewayAt(url: string): Promise<Backend> {
    const running = await startGateway({ redisUrl: url });
    cleanups.push(() => running.stop());
    return new Backend(running.url);
  }

  it('RF1 (F11) a missing or a wrong password is named, and the node is ready once the server accepts it', async () => {
    const port = await freePort();
    const redis = await startRedisServer(['--requirepass', EXPIRED_PASSWORD], port);
    cleanups.push(() => redis.stop());
    const [none, wrong] = await Promise.all([
      gatewayAt(redis.url),
      gatewayAt(`redis://:another@127.0.0.1:${String(port)}`),
    ]);
    await untilNotReady(none, 'NOAUTH');
    await untilNotReady(wrong, 'WRONGPASS');
    const admin = new Redis(redis.url, { password: EXPIRED_PASSWORD });
    await admin.config('SET', 'requirepass', 'another');
    await untilReady(wrong);
    admin.disconnect();
  });

  it('RF1 (F11) a cluster that is used as a single server is named, and so is a cluster that is down', async () => {
    const redis = await startRedisServer(['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1']);
    cleanups.push(() => redis.stop());
    const admin = new Redis(redis.url);
    cleanups.push(async () => admin.disconnect());
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await eventually(async () => ((await admin.cluster('INFO')).includes('state:ok') ? null : 'not formed'));
    const right = await gatewayAt(`redis+cluster://127.0.0.1:${String(redis.port)}`);
    await untilReady(right);
    await right.createSession(1);
    await untilNotReady(await gatewayAt(redis.url), 'redis+cluster:');
    await admin.call('CLUSTER', 'DELSLOTSRANGE', '0', '99');
    await untilNotReady(right, 'CLUSTERDOWN');
    expect((await right.relays('POST', '/v1/relays/sessions', ONE_USER)).status).toBe(503);
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '99');
    await eventually(async () => ((await admin.cluster('INFO')).includes('state:ok') ? null : 'not formed'));
    const formedAtMs = performance.now();
    await untilReady(right);
    expect(performance.now() - formedAtMs).toBeLessThan(RECOVERED_WITHIN_MS);
  });
});

async function untilNotReady(backend: Backend, reason: string): Promise<void> {
  await eventually(async () => {
    const { status, body } = await backend.call('GET', '/readyz');
    const answer = `${String(status)} ${JSON.stringify(body)}`;
    return status === 503 && answer.includes(reason) ? null : answer;
  }, 10_000);
}

async function untilReady(backend: Backend): Promise<void> {
  await eventually(async () => {
    const { status, body } = await backend.call('GET', '/readyz');
    return status === 200 ? null : JSON.stringify(body);
  }, 10_000);
}
