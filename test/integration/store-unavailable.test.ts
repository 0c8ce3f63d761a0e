import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Backend, pairOf, type RelaySessionAnswer } from '../support/backend.js';
import { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';

/** From the failure contract: what cannot be decided is refused this fast. */
const REFUSED_WITHIN_MS = 1500;

describe('while the store is unavailable', () => {
  let redis: RedisServer;
  let running: RunningGateway;
  let backend: Backend;
  let session: RelaySessionAnswer;
  let a: Client;
  let b: Client;

  beforeEach(async () => {
    redis = await startRedisServer();
    running = await startGateway({ redisUrl: redis.url });
    backend = new Backend(running.url);
    session = await backend.createSession(3);
    a = await Client.join(running.socketUrl, pairOf(session, 0));
    b = await Client.join(running.socketUrl, pairOf(session, 1));
  });

  afterEach(async () => {
    redis.resume();
    await running.stop();
    await redis.stop();
  });

  it('AW1 volatile and latest frames go on; reliable ones and those with a ref are refused once the lease is over, until it is back', async () => {
    a.relay({ deliveryClass: 2, ref: 1, payload: 'before' });
    await a.expect('ack');
    redis.pause();
    let ref = 1;
    await eventually(async () => {
      ref += 1;
      a.relay({ deliveryClass: 2, ref, payload: 'r' });
      await a.settle();
      return a.of('error').length > 0 ? null : 'still accepted';
    }, 10_000);
    expect(a.of('error')[0]).toMatchObject({ code: 'store_unavailable' });
    const before = b.entries.length;
    const refused = a.of('error').length;
    a.relay({ deliveryClass: 0, ref: 7000, payload: 'volatile, with a ref' });
    a.relay({ deliveryClass: 1, key: 1, ref: 7001, payload: 'latest, with a ref' });
    expect(await a.expect('error', refused + 1)).toMatchObject({ code: 'store_unavailable', ref: 7000 });
    expect(await a.expect('error', refused + 2)).toMatchObject({ code: 'store_unavailable', ref: 7001 });
    const message = { class: 'volatile', payload_base64: 'AAAA' };
    expect(await backend.native('POST', `/v1/relays/sessions/${session.session_id}/messages`, message)).toMatchObject({
      status: 503,
      body: { code: 'store_unavailable' },
    });
    a.relay({ deliveryClass: 0, payload: 'volatile' });
    a.relay({ deliveryClass: 1, key: 1, payload: 'latest' });
    await b.expectEntries(before + 2);
    redis.resume();
    await eventually(async () => {
      const refused = a.of('error').length;
      a.relay({ deliveryClass: 2, ref: 9999, payload: 'after' });
      await a.settle();
      return a.of('error').length === refused ? null : 'still refused';
    }, 10_000);
    // Every reliable entry that was acked is there, in order, without a hole.
    await b.expectEntries(before + 3);
    const seqs = b.entries.filter(({ deliveryClass }) => deliveryClass === 2).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, n) => n + 1));
    expect([a.closed, b.closed]).toEqual([null, null]);
  });

  it('AW2, RS10, CN14 calls and handshakes are refused in time, and nothing of them happens later', async () => {
    redis.pause();
    const id = session.session_id;
    const startedMs = performance.now();
    const answers = await Promise.all([
      backend.relays('POST', '/v1/relays/sessions', { users: [{ ip: '127.0.0.1' }] }),
      backend.relays('GET', `/v1/relays/sessions/${id}`),
      backend.relays('POST', '/v1/relays/sessions:authorize-user', { session_id: id, user_ip: '10.0.0.1' }),
      backend.relays('DELETE', `/v1/relays/sessions/${id}`),
    ]);
    const handshake = await Client.attempt(running.socketUrl, pairOf(session, 2));
    expect(performance.now() - startedMs).toBeLessThan(2 * REFUSED_WITHIN_MS);
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
    for (const { headers } of answers) expect(headers.get('retry-after')).toBe('1');
    expect(handshake).toMatchObject({
      status: 503,
      body: { code: 'store_unavailable' },
      headers: { 'retry-after': '1' },
    });
    redis.resume();
    await eventually(async () => {
      const { status } = await backend.relays('GET', `/v1/relays/sessions/${id}`);
      return status === 200 ? null : `still ${String(status)}`;
    }, 10_000);
    const list = await backend.relays('GET', '/v1/relays/sessions');
    expect(list.body.total_count).toBe(1);
    expect(list.body.sessions[0].session_users).toHaveLength(3);
  });

  it('AW3 health stays, readiness goes and comes back, and no socket is closed', async () => {
    expect((await backend.call('GET', '/readyz')).status).toBe(200);
    redis.pause();
    await eventually(async () => {
      const ready = await backend.call('GET', '/readyz');
      return ready.status === 503 && ready.body.code === 'store_unavailable' ? null : `still ${String(ready.status)}`;
    }, 10_000);
    expect((await backend.call('GET', '/healthz')).status).toBe(200);
    expect((await backend.call('GET', '/metrics')).body).toMatch(/^sallyport_store_up 0$/m);
    redis.resume();
    await eventually(async () => ((await backend.call('GET', '/readyz')).status === 200 ? null : 'not ready'), 10_000);
    await a.settle();
    await b.settle();
    expect([a.closed, b.closed]).toEqual([null, null]);
  });

  it('KX10 a kick closes the socket here and answers 503 with what it did; the retry makes it stick', async () => {
    redis.pause();
    const path = `/v1/relays/sessions/${session.session_id}/kick`;
    const answer = await backend.native('POST', path, { index: b.index });
    expect(answer).toMatchObject({
      status: 503,
      body: { code: 'outcome_unknown', outcome: 'unknown', details: { closed: 1 } },
    });
    expect(await b.expectClosed()).toMatchObject({ code: 4001 });
    redis.resume();
    await eventually(async () => {
      const again = await backend.native('POST', path, { index: b.index });
      return again.status === 200 && again.body.matched === 1 ? null : String(again.status);
    }, 10_000);
    expect(await Client.attempt(running.socketUrl, pairOf(session, 1))).toMatchObject({ status: 403 });
    expect(await a.expect('member.left')).toMatchObject({ index: b.index, reason: 'kicked' });
  });

  it('MB3 a member whose window passes while the store is unavailable leaves once it is back', async () => {
    const short = await backend.createSession(2, { resume_window_ms: 300 });
    const c = await Client.join(running.socketUrl, pairOf(short, 0));
    const d = await Client.join(running.socketUrl, pairOf(short, 1));
    redis.pause();
    d.drop();
    await c.expect('member.away');
    redis.resume();
    await eventually(() => (c.of('member.left').length === 1 ? null : 'still a member'), 15_000);
    expect(c.of('member.left')).toEqual([{ type: 'member.left', index: d.index, reason: 'timeout' }]);
  });
});
