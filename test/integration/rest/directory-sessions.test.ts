/** User sessions and tickets as a backend sees them, over HTTP, on both stores. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, type Answer } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { ClientApp, PASSWORD, payloadOf } from '../../support/client-app.js';
import { freshName, newUser, newUserSession, withKey } from '../../support/directory.js';
import { eventually } from '../../support/eventually.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';

const NOBODY = `user_${'0'.repeat(27)}`;
const NO_SESSION = `sess_${'0'.repeat(27)}`;
const NO_CLIENT = `client_${'0'.repeat(27)}`;
const DAY_MS = 86_400_000;

const outcome = ({ status, body }: Answer): readonly [number, string | undefined] => [
  status,
  (body as { code?: string }).code,
];
const idsOf = (answer: Answer): string[] => (answer.body.sessions as { id: string }[]).map(({ id }) => id);

describe.each(STORES)('user sessions on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let backend: Backend;

  beforeAll(async () => {
    running = await startGateway({ redisUrl: redisUrl() });
    backend = await withKey(new Backend(running.url), ['admin', 'sessions']);
  });

  afterAll(() => running.stop());

  it('DI13 a session is opened for a user, active for its seven days', async () => {
    const user = await newUser(backend);
    const opened = await backend.native('POST', '/v1/sessions', { user_id: user });
    expect([opened.status, opened.body as unknown]).toEqual([
      201,
      {
        id: expect.stringMatching(/^sess_[0-9A-Za-z]{27}$/) as string,
        user_id: user,
        client_id: null,
        kind: 'client',
        status: 'active',
        created_at: expect.any(Number) as number,
        updated_at: expect.any(Number) as number,
        last_active_at: expect.any(Number) as number,
        expire_at: expect.any(Number) as number,
        abandon_at: expect.any(Number) as number,
        last_active_organization_id: null,
        effective_user_id: user,
        actor_id: null,
        ip_address: null,
      },
    ]);
    expect(opened.body.expire_at - opened.body.created_at).toBe(7 * DAY_MS);
    const got = await backend.native('GET', `/v1/sessions/${opened.body.id as string}`);
    expect([got.status, got.body as unknown]).toEqual([200, opened.body]);
  });

  it('DI13 a session is opened on a client, which shows it as its active one', async () => {
    const username = freshName();
    const first = await newUser(backend, { username, password: PASSWORD });
    const app = new ClientApp(running.url);
    const signedIn = await app.signIn(username);
    const { client_id } = (await backend.native('GET', `/v1/sessions/${signedIn}`)).body as { client_id: string };
    const second = await newUser(backend);
    const opened = await backend.native('POST', '/v1/sessions', { user_id: second, client_id });
    expect([opened.status, opened.body.client_id, opened.body.user_id]).toEqual([201, client_id, second]);
    const { response } = (await app.get('/v1/client')).body as {
      response: { id: string; last_active_session_id: string; sessions: { id: string; user: { id: string } }[] };
    };
    expect([response.id, response.last_active_session_id]).toEqual([client_id, opened.body.id]);
    expect(response.sessions.map(({ id, user }) => [id, user.id])).toEqual([
      [signedIn, first],
      [opened.body.id, second],
    ]);
    expect(payloadOf(await app.jwt(opened.body.id as string))).toMatchObject({ sub: second, sid: opened.body.id });
  });

  it('DI13 sessions of nobody, on no client and out of shape are refused', async () => {
    const user_id = await newUser(backend);
    expect(outcome(await backend.native('POST', '/v1/sessions', { user_id: NOBODY }))).toEqual([404, 'user_not_found']);
    const onNoClient = await backend.native('POST', '/v1/sessions', { user_id, client_id: NO_CLIENT });
    expect(outcome(onNoClient)).toEqual([404, 'client_not_found']);
    for (const body of [{}, { user_id: 'x' }, { user_id, client_id: 'x' }, { user_id, status: 'active' }]) {
      expect(outcome(await backend.native('POST', '/v1/sessions', body))).toEqual([400, 'invalid_request']);
    }
    for (const unknown of [NO_SESSION, 'nothing']) {
      const answers = [
        await backend.native('GET', `/v1/sessions/${unknown}`),
        await backend.native('POST', `/v1/sessions/${unknown}/revoke`),
      ];
      expect(answers.map(outcome)).toEqual(answers.map(() => [404, 'user_session_not_found']));
    }
  });

  it('DI13 sessions are listed newest first, by user and status, each once', async () => {
    const user = await newUser(backend);
    const opened: string[] = [];
    for (let n = 0; n < 5; n += 1) opened.unshift(await newUserSession(backend, user));
    const [newest = ''] = opened;
    await backend.native('POST', `/v1/sessions/${newest}/revoke`);
    expect(idsOf(await backend.native('GET', `/v1/sessions?user_id=${user}`))).toEqual(opened);
    const query = `/v1/sessions?user_id=${user}&status`;
    expect(idsOf(await backend.native('GET', `${query}=revoked`))).toEqual([newest]);
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await backend.native('GET', `${query}=active&limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...idsOf(page));
      cursor = page.body.next_cursor as string | null;
    }
    expect(seen).toEqual(opened.slice(1));
    expect(idsOf(await backend.native('GET', '/v1/sessions?limit=1000'))).toEqual(expect.arrayContaining(opened));
    for (const wrong of ['user_id=x', 'status=over', 'limit=0', 'cursor=nonsense']) {
      expect(outcome(await backend.native('GET', `/v1/sessions?${wrong}`))).toEqual([400, 'invalid_request']);
    }
  });

  it('DI13 a session is revoked once, with a report; one that is over stays as it is', async () => {
    const user = await newUser(backend);
    const session = await newUserSession(backend, user);
    const report = { closed: 0, nodes_acked: 1, nodes_timed_out: 0, took_ms: expect.any(Number) as number };
    const revoked = await backend.native('POST', `/v1/sessions/${session}/revoke`);
    expect([revoked.status, revoked.body as unknown]).toEqual([200, { matched: 1, ...report }]);
    const again = await backend.native('POST', `/v1/sessions/${session}/revoke`);
    expect([again.status, again.body as unknown]).toEqual([200, { matched: 0, ...report }]);
    const others = [await newUserSession(backend, user), await newUserSession(backend, user)];
    const all = await backend.native('POST', `/v1/users/${user}/sessions/revoke`);
    expect([all.status, all.body as unknown]).toEqual([200, { matched: 2, ...report }]);
    for (const id of [session, ...others]) {
      expect((await backend.native('GET', `/v1/sessions/${id}`)).body.status).toBe('revoked');
    }
    expect((await backend.native('POST', `/v1/users/${user}/sessions/revoke`)).body.matched).toBe(0);
  });

  it('DI14 a ticket is made for a user, for an hour or as long as is said', async () => {
    const user_id = await newUser(backend);
    const before = Date.now();
    const made = await backend.native('POST', '/v1/sign_in_tokens', { user_id });
    expect([made.status, made.body as unknown]).toEqual([
      201,
      {
        id: expect.stringMatching(/^sit_[0-9A-Za-z]{27}$/) as string,
        user_id,
        actor: null,
        token: expect.stringMatching(/^[0-9A-Za-z]{43}$/) as string,
        expires_at: expect.any(Number) as number,
      },
    ]);
    expect(made.body.expires_at).toBeGreaterThanOrEqual(before + 3_600_000);
    expect(made.body.expires_at).toBeLessThanOrEqual(Date.now() + 3_600_000);
    const long = await backend.native('POST', '/v1/sign_in_tokens', { user_id, expires_in_s: 2_592_000 });
    expect(long.body.expires_at).toBeGreaterThanOrEqual(before + 30 * DAY_MS);
    expect(outcome(await backend.native('POST', '/v1/sign_in_tokens', { user_id: NOBODY }))).toEqual([
      404,
      'user_not_found',
    ]);
    for (const body of [
      {},
      { user_id: 'x' },
      { user_id, expires_in_s: 0 },
      { user_id, expires_in_s: 2_592_001 },
      { user_id, expires_in_s: '60' },
    ]) {
      expect(outcome(await backend.native('POST', '/v1/sign_in_tokens', body))).toEqual([400, 'invalid_request']);
    }
  });
});

describe.each(STORES)('limits of user sessions on $store', ({ redisUrl }) => {
  it.each([
    ['reject_new', { 201: 5, 409: 35 }],
    ['replace_old', { 201: 40 }],
  ] as const)(
    'DI13 with %s a user has its limit of sessions and not one more, opened all at once',
    async (full, statuses) => {
      const running = await startGateway({
        redisUrl: redisUrl(),
        env: { SALLYPORT_MAX_SESSIONS_PER_USER: '5', SALLYPORT_SESSIONS_PER_USER_FULL: full },
      });
      try {
        const backend = new Backend(running.url);
        const user_id = await newUser(backend);
        const answers = await Promise.all(
          Array.from({ length: 40 }, () => backend.native('POST', '/v1/sessions', { user_id })),
        );
        const counted: Record<number, number> = {};
        for (const { status } of answers) counted[status] = (counted[status] ?? 0) + 1;
        expect(counted).toEqual(statuses);
        for (const answer of answers.filter(({ status }) => status === 409)) {
          expect(outcome(answer)).toEqual([409, 'too_many_sessions']);
        }
        expect(idsOf(await backend.native('GET', `/v1/sessions?user_id=${user_id}&status=active`))).toHaveLength(5);
        expect((await newUser(backend).then((other) => newUserSession(backend, other))).startsWith('sess_')).toBe(true);
      } finally {
        await running.stop();
      }
    },
  );

  it.each([
    ['expired', { SALLYPORT_USER_SESSION_TTL_S: '1' }],
    ['abandoned', { SALLYPORT_USER_SESSION_INACTIVITY_S: '1', SALLYPORT_USER_SESSION_TTL_S: '60' }],
  ])('DI11 a session whose time is up is %s', async (status, env) => {
    const running = await startGateway({ redisUrl: redisUrl(), env });
    try {
      const backend = new Backend(running.url);
      const session = await newUserSession(backend, await newUser(backend));
      expect((await backend.native('GET', `/v1/sessions/${session}`)).body.status).toBe('active');
      await eventually(async () => {
        const { body } = await backend.native('GET', `/v1/sessions/${session}`);
        return body.status === status ? null : `it is ${String(body.status)}`;
      });
      expect((await backend.native('POST', `/v1/sessions/${session}/revoke`)).body.matched).toBe(0);
    } finally {
      await running.stop();
    }
  });
});
