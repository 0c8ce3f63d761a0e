/** The client surface while Redis does not answer. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Backend } from '../../support/backend.js';
import { ClientApp, codeOf, PASSWORD } from '../../support/client-app.js';
import { expectStatus, freshName, newUser } from '../../support/directory.js';
import { eventually } from '../../support/eventually.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';

/** From the failure contract: what cannot be decided is refused this fast. */
const REFUSED_WITHIN_MS = 1500;

describe('the client surface while the store is unavailable', () => {
  let redis: RedisServer;
  let running: RunningGateway;

  beforeEach(async () => {
    redis = await startRedisServer();
    running = await startGateway({ redisUrl: redis.url });
  });

  afterEach(async () => {
    redis.resume();
    await running.stop();
    await redis.stop();
  });

  it('CS31 every call is 503 in time and nothing of it happens later; the key set is still served', async () => {
    const backend = new Backend(running.url);
    const username = freshName();
    const userId = await newUser(backend, { username, password: PASSWORD });
    const spare = await backend.native('POST', '/v1/sign_in_tokens', { user_id: userId });
    const { token: ticket } = expectStatus(spare, 201).body as { token: string };
    const app = new ClientApp(running.url);
    const sessionId = await app.signIn(username);
    const at = `/v1/client/sessions/${sessionId}`;
    await app.jwt(sessionId);
    const before = (await app.get(at)).body;
    redis.pause();
    const key = { 'idempotency-key': freshName() };
    const startedMs = performance.now();
    const answers = await Promise.all([
      app.get(at),
      app.get('/v1/client'),
      app.call('DELETE', '/v1/client/sessions'),
      app.call('DELETE', '/v1/client/sessions', { headers: key }),
      ...['touch', 'end', 'remove', 'tokens', 'tokens/x'].map((action) => app.post(`${at}/${action}`)),
      app.post('/v1/client/sign_ins', { strategy: 'password', identifier: username, password: PASSWORD }),
      app.post('/v1/client/sign_ins', { strategy: 'ticket', ticket }),
    ]);
    const tookMs = performance.now() - startedMs;
    const keys = await backend.call('GET', '/.well-known/jwks.json');
    expect(answers.map(codeOf)).toEqual(answers.map(() => [503, 'store_unavailable']));
    for (const { headers } of answers) expect(headers.get('retry-after')).toBe('1');
    expect(tookMs).toBeLessThan(2 * REFUSED_WITHIN_MS);
    expect([keys.status, keys.body.keys.length]).toEqual([200, 1]);
    redis.resume();
    await eventually(async () => {
      const { status } = await app.get(at);
      return status === 200 ? null : `still ${String(status)}`;
    }, 10_000);
    const after = (await app.get(at)).body;
    expect(after).toEqual(before);
    const byTicket = await new ClientApp(running.url).post('/v1/client/sign_ins', { strategy: 'ticket', ticket });
    expect(byTicket.status).toBe(200);
  });
});
