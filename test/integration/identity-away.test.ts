/** The calls about identity while a real Redis is silent: refused in time, and nothing of them happens later. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Backend, type Answer } from '../support/backend.js';
import { Client } from '../support/client.js';
import { newUser, newUserSession } from '../support/directory.js';
import { eventually } from '../support/eventually.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';
import { Player, Seated, type EnteredAnswer } from '../support/groups.js';
import { IDENTITY_CALLS } from '../support/identity-calls.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';

/** From the failure contract: what cannot be decided is refused this fast. */
const REFUSED_WITHIN_MS = 1500;

describe('the calls about identity while the store is away', () => {
  let redis: RedisServer;
  let running: RunningGateway;
  let backend: Backend;

  beforeEach(async () => {
    redis = await startRedisServer();
    running = await startGateway({ redisUrl: redis.url });
    backend = new Backend(running.url);
  });

  afterEach(async () => {
    redis.resume();
    await running.stop();
    await redis.stop();
  });

  const as = ({ credentials }: EnteredAnswer) => new Seated(backend, credentials.token);

  async function back(): Promise<void> {
    redis.resume();
    await eventually(async () => {
      const { status } = await backend.native('GET', '/v1/users');
      return status === 200 ? null : `still ${String(status)}`;
    }, 10_000);
  }

  it('AW2, GS37, DI16 every call is 503 with Retry-After in time, the silence just begun', async () => {
    const calls = await Promise.all(
      IDENTITY_CALLS.map(async (call) => ({ call, request: await call.prepare(backend) })),
    );
    redis.pause();
    const answers = await Promise.all(
      calls.map(async ({ call, request: { path, headers, body } }) => {
        const startedMs = performance.now();
        const answer = await backend.call(call.method, path, body, headers);
        return { line: `${call.method} ${call.pattern}`, answer, tookMs: performance.now() - startedMs };
      }),
    );
    for (const { line, answer, tookMs } of answers) {
      const { status, headers, body } = answer;
      expect([line, status, (body as { code?: unknown }).code]).toEqual([line, 503, 'store_unavailable']);
      expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      expect([line, tookMs < REFUSED_WITHIN_MS]).toEqual([line, true]);
    }
  });

  it('AW2, GS37 leaving is refused in time as well, though the socket is closed at once', async () => {
    const host = await (await Player.at(backend)).created();
    const guest = await (await Player.at(backend)).joined(host.sessionId);
    const [, socket] = [
      await Client.join(running.socketUrl, host.credentials.token),
      await Client.join(running.socketUrl, guest.credentials.token),
    ];
    redis.pause();
    const startedMs = performance.now();
    expect((await as(guest).disconnect()).status).toBe(503);
    expect(performance.now() - startedMs).toBeLessThan(REFUSED_WITHIN_MS);
    expect(await socket.expectClosed()).toEqual({ code: 1000, reason: 'left' });
    await back();
    expect((await as(guest).current()).status).toBe(200);
  });

  it('AW2, GS37, DI16 what was refused so is not done later', async () => {
    const user = await newUser(backend, { username: 'alice' });
    const session = await newUserSession(backend, user);
    const [creator, player] = [await Player.at(backend), await Player.at(backend)];
    const host = await creator.created();
    redis.pause();
    const refused: readonly Answer[] = await Promise.all([
      backend.native('POST', '/v1/users', { username: 'bob' }),
      backend.native('PATCH', `/v1/users/${user}`, { username: 'carol' }),
      backend.native('POST', `/v1/users/${user}/ban`),
      backend.native('DELETE', `/v1/users/${user}`),
      backend.native('POST', `/v1/sessions/${session}/revoke`),
      backend.native('POST', '/v1/sessions', { user_id: user }),
      backend.native('POST', '/v1/organizations', { name: 'late' }),
      backend.native('POST', '/v1/keys', { name: 'late', scopes: ['relays'] }),
      creator.create(),
      player.join({ sessionId: host.sessionId }),
      as(host).end(),
    ]);
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 503));
    await back();
    const { body: users } = await backend.native('GET', '/v1/users');
    expect(users).toMatchObject({ users: [{ id: user, username: 'alice', banned: false }], next_cursor: null });
    const { body: sessions } = await backend.native('GET', '/v1/sessions');
    expect(sessions).toMatchObject({ sessions: [{ id: session, status: 'active' }], next_cursor: null });
    expect((await backend.native('GET', '/v1/organizations')).body).toMatchObject({ organizations: [] });
    expect((await backend.native('GET', '/v1/keys')).body).toMatchObject({ keys: [] });
    const { body: relays } = await backend.relays('GET', '/v1/relays/sessions');
    expect((relays as { sessions: { session_id: string }[] }).sessions.map(({ session_id }) => session_id)).toEqual([
      host.sessionId,
    ]);
    expect((await as(host).current()).body).toMatchObject({ users: [{ id: host.credentials.id }] });
    // The control: the wallet that was refused may join now, once.
    expect((await player.join({ sessionId: host.sessionId })).status).toBe(200);
  });
});
