/** A gateway on data of another format: see docs/adr/0014-format-of-stored-data.md. */
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { STORE_FORMAT } from '../../../src/adapters/redis/format.js';
import { Backend, pairOf, type Answer } from '../../support/backend.js';
import { Client } from '../../support/client.js';
import { eventually } from '../../support/eventually.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';

const NAMED = /store_format_unsupported: the data in Redis has format 99, .*; nothing was changed\.$/;

let redis: RedisServer;
let client: Redis;
let gateways: RunningGateway[];

beforeEach(async () => {
  gateways = [];
  redis = await startRedisServer();
  client = new Redis(redis.url);
});

afterEach(async () => {
  client.disconnect();
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await redis.stop();
});

async function start(): Promise<RunningGateway> {
  const gateway = await startGateway({ redisUrl: redis.url, env: { SALLYPORT_REDIS_PREFIX: 'game' } });
  gateways.push(gateway);
  return gateway;
}

it('ST84 a gateway that meets data of another format starts, refuses all calls by name, and serves without a restart once it may', async () => {
  const first = await start();
  const session = await new Backend(first.url).createSession(2);
  await first.stop();
  await client.set('game:format', '99');
  const keys = await client.keys('*');

  const second = await start();
  const backend = new Backend(second.url);
  const id = session.session_id;
  expect((await backend.call('GET', '/healthz')).status).toBe(200);
  const ready = await backend.call('GET', '/readyz');
  expect(ready).toMatchObject({ status: 503, body: { code: 'store_unavailable' } });
  expect(ready.body.message).toContain('store_format_unsupported: the data in Redis has format 99');
  const calls: readonly (() => Promise<Answer>)[] = [
    () => backend.relays('POST', '/v1/relays/sessions', { users: [{ ip: '127.0.0.1' }] }),
    () => backend.relays('DELETE', `/v1/relays/sessions/${id}`),
    () => backend.relays('GET', `/v1/relays/sessions/${id}`),
    () => backend.native('POST', '/v1/keys', { name: 'backend', scopes: ['admin'] }),
  ];
  for (const call of calls) {
    expect(await call()).toMatchObject({ status: 503, body: { message: expect.stringMatching(NAMED) } });
  }
  // A kick closes sockets of this node in any case, so it has a sentence of its own.
  const kick = await backend.native('POST', `/v1/relays/sessions/${id}/kick`, { index: 0 });
  expect(kick).toMatchObject({ status: 503, body: { code: 'store_unavailable' } });
  const handshake = await Client.attempt(second.socketUrl, pairOf(session, 0));
  expect(handshake).toMatchObject({ status: 503, body: { code: 'store_unavailable' } });
  expect((await client.keys('*')).sort()).toEqual(keys.sort());

  // The control: nothing but the version stood in the way, and nothing was changed.
  await client.set('game:format', STORE_FORMAT);
  await eventually(async () => ((await backend.call('GET', '/readyz')).status === 200 ? null : 'not ready'), 10_000);
  expect(await backend.relays('GET', `/v1/relays/sessions/${id}`)).toMatchObject({ status: 200 });
});

it('ST84 a gateway whose data was replaced by another version stops serving calls, and keeps its sockets', async () => {
  const running = await start();
  const backend = new Backend(running.url);
  const session = await backend.createSession(2);
  const a = await Client.join(running.socketUrl, pairOf(session, 0));
  const b = await Client.join(running.socketUrl, pairOf(session, 1));
  await client.multi().flushall().set('game:format', '99').exec();
  await eventually(async () => ((await backend.call('GET', '/readyz')).status === 503 ? null : 'still ready'), 10_000);
  expect(await client.keys('*')).toEqual(['game:format']);
  a.relay({ deliveryClass: 0, payload: 'volatile' });
  await b.expectEntries(1);
  // The data of the other version goes: the gateway writes its own version, and puts its session back.
  await client.flushall();
  await eventually(async () => ((await backend.call('GET', '/readyz')).status === 200 ? null : 'not ready'), 10_000);
  expect(await client.get('game:format')).toBe(STORE_FORMAT);
  await eventually(async () => {
    const { status } = await backend.relays('GET', `/v1/relays/sessions/${session.session_id}`);
    return status === 200 ? null : String(status);
  }, 10_000);
  expect([a.closed, b.closed]).toEqual([null, null]);
});
