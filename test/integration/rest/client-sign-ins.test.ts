/** Signing in on a client over HTTP: strategies, carriers, limits, pages of other origins; on both stores. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { ClientApp, codeOf, PASSWORD } from '../../support/client-app.js';
import { expectStatus, freshName, newUser } from '../../support/directory.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';
import { inParallel } from '../../support/in-parallel.js';

const PAGE = 'https://game.example';
const EVIL = 'https://evil.example';

describe.each(STORES)('sign-ins on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let backend: Backend;

  beforeAll(async () => {
    running = await startGateway({
      redisUrl: redisUrl(),
      env: { SALLYPORT_ALLOWED_ORIGINS: PAGE, SALLYPORT_SIGN_IN_ATTEMPTS_PER_ADDRESS: '0' },
    });
    backend = new Backend(running.url);
  });

  afterAll(() => running.stop());

  async function someUser(more: Readonly<Record<string, unknown>> = {}) {
    const username = freshName();
    return { username, userId: await newUser(backend, { username, password: PASSWORD, ...more }) };
  }

  async function ticketFor(userId: string): Promise<string> {
    const answer = await backend.native('POST', '/v1/sign_in_tokens', { user_id: userId });
    return (expectStatus(answer, 201).body as { token: string }).token;
  }

  const byPassword = (identifier: string, password = PASSWORD) => ({ strategy: 'password', identifier, password });

  it('CS15 a password signs in: the attempt, the client, and its token as a cookie that pages cannot read', async () => {
    const { username, userId } = await someUser({ email: `${freshName()}@example.test` });
    const app = new ClientApp(running.url);
    const identifier = username.toUpperCase();
    const answer = await app.post('/v1/client/sign_ins', byPassword(identifier));
    expect(answer.status).toBe(200);
    const { response, client } = answer.body;
    expect(response).toEqual({
      object: 'sign_in_attempt',
      id: response.id,
      status: 'complete',
      identifier,
      created_session_id: client.sessions[0].id,
    });
    expect(response.id).toMatch(/^sia_[0-9A-Za-z]{27}$/);
    expect(client.sessions[0]).toMatchObject({ status: 'active', user: { id: userId } });
    expect(client).toMatchObject({
      last_active_session_id: response.created_session_id,
      last_authentication_strategy: 'password',
    });
    expect(answer.headers.get('set-cookie')).toMatch(
      /^__client=[\w-]+\.[\w-]+\.[\w-]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/,
    );
    expect(answer.headers.get('authorization')).toBeNull();
    expect((await backend.native('GET', `/v1/users/${userId}`)).body.last_sign_in_at).toBeGreaterThan(0);
  });

  it('CS15 every name of a user signs in, however it is written; JSON as well as a form', async () => {
    const letters = freshName();
    const digits = String(Date.now()).slice(-9);
    const { username } = await someUser({ email: `${letters}@example.test`, phone: `+49${digits}` });
    const names = [
      username.toUpperCase(),
      `${letters.toUpperCase()}@Example.Test`,
      `+49 ${digits.slice(0, 3)}-${digits.slice(3)}`,
    ];
    for (const name of names) {
      const answer = await new ClientApp(running.url).call('POST', '/v1/client/sign_ins', { json: byPassword(name) });
      expect([name, answer.status]).toEqual([name, 200]);
    }
  });

  it('CS16 over TLS the cookie is Secure', async () => {
    const env = { SALLYPORT_PUBLIC_URL: 'https://play.example' };
    const secure = await startGateway({ redisUrl: redisUrl(), env });
    try {
      const username = freshName();
      await newUser(new Backend(secure.url), { username, password: PASSWORD });
      const answer = await new ClientApp(secure.url).post('/v1/client/sign_ins', byPassword(username));
      expect(answer.headers.get('set-cookie')).toMatch(/; HttpOnly; SameSite=Lax; Secure$/);
    } finally {
      await secure.stop();
    }
  });

  it('CS17 a native app gets its token in a header, and shows it there, bare or as a bearer, with _is_native', async () => {
    const { username } = await someUser();
    const app = new ClientApp(running.url, 'native');
    const answer = await app.post('/v1/client/sign_ins', byPassword(username));
    const token = answer.headers.get('authorization') ?? '';
    expect(token).toBe(app.token);
    const status = async (query: string, authorization: string, more = {}) =>
      codeOf(await backend.call('GET', `/v1/client${query}`, undefined, { authorization, ...more }));
    expect(await status('?_is_native=1', token)).toEqual([200, null]);
    expect(await status('?_is_native=true', `Bearer ${token}`)).toEqual([200, null]);
    for (const query of ['', '?_is_native=0', '?_is_native=yes']) {
      expect(await status(query, token)).toEqual([401, 'authentication_invalid']);
    }
    expect(await status('?_is_native=1', token, { origin: PAGE })).toEqual([
      400,
      'origin_authorization_headers_conflict',
    ]);
    expect(await status('', 'Bearer x', { origin: PAGE })).toEqual([400, 'origin_authorization_headers_conflict']);
    const signIn = await app.post('/v1/client/sign_ins', byPassword(username), { origin: PAGE });
    expect(codeOf(signIn)).toEqual([400, 'origin_authorization_headers_conflict']);
  });

  it('CS18 a token in the query counts in development only', async () => {
    const { username } = await someUser();
    const app = new ClientApp(running.url);
    await app.signIn(username);
    const inQuery = await backend.call('GET', `/v1/client?__dev_session=${app.token ?? ''}`);
    expect(codeOf(inQuery)).toEqual([401, 'authentication_invalid']);
    const dev = await startGateway({ redisUrl: redisUrl(), env: { SALLYPORT_ENV: 'development' } });
    try {
      await newUser(new Backend(dev.url), { username, password: PASSWORD });
      const devApp = new ClientApp(dev.url, 'dev');
      const sessionId = await devApp.signIn(username);
      expect((await devApp.get(`/v1/client/sessions/${sessionId}`)).status).toBe(200);
    } finally {
      await dev.stop();
    }
  });

  it('CS19 nobody by that name and another password are answered alike', async () => {
    const { username } = await someUser();
    const { username: bare } = await someUser({ password: null });
    const { username: banned, userId } = await someUser();
    await backend.native('POST', `/v1/users/${userId}/ban`);
    const answers = await Promise.all(
      [username, bare, banned, freshName(), `${freshName()}@example.test`, '+491701234567', 'no name at all'].map(
        (identifier) => new ClientApp(running.url).post('/v1/client/sign_ins', byPassword(identifier, 'wrong')),
      ),
    );
    for (const answer of answers) {
      expect(codeOf(answer)).toEqual([422, 'form_password_incorrect']);
      expect(answer.body.errors).toEqual(answers[0]?.body.errors);
      expect([...answer.headers.keys()]).toEqual([...(answers[0]?.headers.keys() ?? [])]);
      expect(answer.headers.get('set-cookie')).toBeNull();
    }
  });

  it('CS20 a banned and a blocked user are 403, for the right password and for a ticket', async () => {
    const { username, userId } = await someUser();
    const tickets = [await ticketFor(userId), await ticketFor(userId)];
    await backend.native('POST', `/v1/users/${userId}/ban`);
    const app = new ClientApp(running.url);
    expect(codeOf(await app.post('/v1/client/sign_ins', byPassword(username)))).toEqual([403, 'user_banned']);
    const byTicket = await app.post('/v1/client/sign_ins', { strategy: 'ticket', ticket: tickets[0] ?? '' });
    expect(codeOf(byTicket)).toEqual([403, 'user_banned']);
    expect(byTicket.headers.get('set-cookie')).toBeNull();
    await backend.native('POST', `/v1/users/${userId}/unban`);
    expect((await app.post('/v1/client/sign_ins', byPassword(username))).status).toBe(200);
    const late = await ticketFor(userId);
    expectStatus(await backend.call('POST', `/authenticate/block/${username}?apiKey=${backend.key}`), 200);
    expect(codeOf(await app.post('/v1/client/sign_ins', byPassword(username)))).toEqual([403, 'user_banned']);
    const blocked = await app.post('/v1/client/sign_ins', { strategy: 'ticket', ticket: late });
    expect(codeOf(blocked)).toEqual([403, 'user_banned']);
  });

  it('CS21 a ticket signs in once', async () => {
    const { username, userId } = await someUser();
    const ticket = await ticketFor(userId);
    const app = new ClientApp(running.url);
    const answer = await app.post('/v1/client/sign_ins', { strategy: 'ticket', ticket });
    expect([answer.status, answer.body.client.last_authentication_strategy]).toEqual([200, 'ticket']);
    expect(answer.body.response).toMatchObject({ object: 'sign_in_attempt', status: 'complete', identifier: username });
    expect(answer.body.client.sessions[0].user.id).toBe(userId);
    for (const used of [ticket, 'nonsense', 'x'.repeat(43)]) {
      const refused = await new ClientApp(running.url).post('/v1/client/sign_ins', {
        strategy: 'ticket',
        ticket: used,
      });
      expect(codeOf(refused)).toEqual([401, 'ticket_invalid_code']);
    }
  });

  it('CS21 of a thousand parallel uses of one ticket one succeeds', async () => {
    const { userId } = await someUser();
    const ticket = await ticketFor(userId);
    const codes = new Map<string, number>();
    await inParallel(
      Array.from({ length: 1000 }, (_, n) => n),
      100,
      async () => {
        const answer = await new ClientApp(running.url).post('/v1/client/sign_ins', { strategy: 'ticket', ticket });
        const code = codeOf(answer).join(' ');
        codes.set(code, (codes.get(code) ?? 0) + 1);
      },
    );
    expect(Object.fromEntries(codes)).toEqual({ '200 ': 1, '401 ticket_invalid_code': 999 });
    const listed = await backend.native('GET', `/v1/sessions?user_id=${userId}&status=active`);
    expect(listed.body.sessions).toHaveLength(1);
  });

  it('CS22 a sign-in outdates the token it came with: a planted one is worth nothing', async () => {
    const { username } = await someUser();
    const attacker = new ClientApp(running.url);
    await attacker.signIn((await someUser()).username);
    const victim = new ClientApp(running.url);
    victim.token = attacker.token;
    const sessionId = await victim.signIn(username);
    expect(victim.token).not.toBe(attacker.token);
    expect((await victim.get(`/v1/client/sessions/${sessionId}`)).status).toBe(200);
    expect(codeOf(await attacker.get('/v1/client'))).toEqual([401, 'authentication_invalid']);
    expect(codeOf(await attacker.post(`/v1/client/sessions/${sessionId}/tokens`))).toEqual([
      401,
      'authentication_invalid',
    ]);
  });

  it('CS23 two cookies of that name are none', async () => {
    const { username } = await someUser();
    const app = new ClientApp(running.url);
    await app.signIn(username);
    const cookie = `__client=${app.token ?? ''}`;
    const status = async (text: string) =>
      (await backend.call('GET', '/v1/client', undefined, { cookie: text })).status;
    expect(await status(`a=b; ${cookie}; c=d`)).toBe(200);
    expect(await status(`${cookie}; __client=x`)).toBe(401);
    expect(await status(`__client=x; ${cookie}`)).toBe(401);
    expect(await status(`x__client=${app.token ?? ''}`)).toBe(401);
  });

  it('CS24 a page of another origin changes nothing with a cookie, and reads nothing', async () => {
    const { username } = await someUser();
    const app = new ClientApp(running.url);
    const sessionId = await app.signIn(username);
    const at = `/v1/client/sessions/${sessionId}`;
    for (const origin of [EVIL, 'null', `${PAGE}.evil.example`, 'http://game.example', `${PAGE}:8443`]) {
      for (const path of [
        `${at}/touch`,
        `${at}/end`,
        `${at}/remove`,
        `${at}/tokens`,
        '/v1/client/sessions?_method=DELETE',
      ]) {
        const answer = await app.post(path, {}, { origin });
        const inForm = await app.post('/v1/client/sessions', { _method: 'DELETE' }, { origin });
        expect(codeOf(inForm)).toEqual([403, 'origin_not_allowed']);
        expect([origin, path, codeOf(answer)]).toEqual([origin, path, [403, 'origin_not_allowed']]);
        expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      }
      for (const query of ['', '?_is_native=1', '?__dev_session=']) {
        const path = `/v1/client/sign_ins${query}`;
        const planted = await new ClientApp(running.url).post(path, byPassword(username), { origin });
        expect([codeOf(planted), planted.headers.get('set-cookie')]).toEqual([[403, 'origin_not_allowed'], null]);
      }
      const read = await app.get('/v1/client', { headers: { origin } });
      expect(read.headers.get('access-control-allow-credentials')).toBeNull();
    }
    expect((await app.get(at)).body.response.status).toBe('active');
  });

  it('CS25 a page of an allowed origin reads with its cookies, and its preflight is answered', async () => {
    const { username } = await someUser();
    const app = new ClientApp(running.url);
    const sessionId = await app.signIn(username);
    const touched = await app.post(`/v1/client/sessions/${sessionId}/touch`, {}, { origin: PAGE });
    expect([touched.status, touched.headers.get('access-control-allow-origin')]).toEqual([200, PAGE]);
    expect(touched.headers.get('access-control-allow-credentials')).toBe('true');
    expect(touched.headers.get('vary')).toBe('Origin');
    // Refusals too, also of what does not get as far as a call.
    for (const form of [{ active_organization_id: 'nobody' }, { intent: 'x'.repeat(65_536) }]) {
      const refused = await app.post(`/v1/client/sessions/${sessionId}/touch`, form, { origin: PAGE });
      expect([404, 413]).toContain(refused.status);
      expect(refused.headers.get('access-control-allow-origin')).toBe(PAGE);
      expect(refused.headers.get('access-control-allow-credentials')).toBe('true');
    }
    const ask = { origin: PAGE, 'access-control-request-method': 'POST' };
    const preflight = await backend.call('OPTIONS', `/v1/client/sessions/${sessionId}/touch`, undefined, ask);
    expect([preflight.status, preflight.headers.get('access-control-allow-credentials')]).toEqual([204, 'true']);
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, POST, DELETE');
    const foreign = await backend.call('OPTIONS', '/v1/client', undefined, { ...ask, origin: EVIL });
    expect([foreign.status, foreign.headers.get('access-control-allow-origin')]).toEqual([405, null]);
  });

  it('CS26 where every page may connect, cookies are still for pages of the server itself', async () => {
    const env = { SALLYPORT_ALLOWED_ORIGINS: '*', SALLYPORT_PUBLIC_URL: 'http://play.example' };
    const open = await startGateway({ redisUrl: redisUrl(), env });
    try {
      const username = freshName();
      await newUser(new Backend(open.url), { username, password: PASSWORD });
      const app = new ClientApp(open.url);
      const at = `/v1/client/sessions/${await app.signIn(username)}`;
      expect(codeOf(await app.post(`${at}/touch`, {}, { origin: EVIL }))).toEqual([403, 'origin_not_allowed']);
      const own = await app.post(`${at}/touch`, {}, { origin: 'http://play.example' });
      expect([own.status, own.headers.get('access-control-allow-credentials')]).toEqual([200, 'true']);
      const read = await app.get('/v1/client', { headers: { origin: EVIL } });
      expect(read.headers.get('access-control-allow-credentials')).toBeNull();
    } finally {
      await open.stop();
    }
  });

  it('CS27 in single-session mode a second sign-in is 400 until the session ends, however many come at once', async () => {
    const env = { SALLYPORT_SINGLE_SESSION: 'true', SALLYPORT_SIGN_IN_ATTEMPTS_PER_ADDRESS: '0' };
    const single = await startGateway({ redisUrl: redisUrl(), env });
    try {
      const root = new Backend(single.url);
      const username = freshName();
      const userId = await newUser(root, { username, password: PASSWORD });
      const app = new ClientApp(single.url);
      const sessionId = await app.signIn(username);
      expect(codeOf(await app.post('/v1/client/sign_ins', byPassword(username)))).toEqual([400, 'session_exists']);
      await app.post(`/v1/client/sessions/${sessionId}/end`);
      const token = app.token;
      const answers = await Promise.all(
        [1, 2, 3, 4].map(() => {
          const page = new ClientApp(single.url);
          page.token = token;
          return page.post('/v1/client/sign_ins', byPassword(username));
        }),
      );
      // A request whose token is already outdated has no client, and gets one of its own.
      const signedIn = answers.filter(({ status }) => status === 200);
      expect(signedIn.length).toBeGreaterThan(0);
      for (const { body } of answers.filter(({ status }) => status !== 200)) {
        expect(body.errors[0].code).toBe('session_exists');
      }
      const active = await root.native('GET', `/v1/sessions?user_id=${userId}&status=active`);
      const clientIds = active.body.sessions.map((session: { client_id: string }) => session.client_id) as string[];
      expect(clientIds).toHaveLength(signedIn.length);
      expect(new Set(clientIds).size).toBe(clientIds.length);
    } finally {
      await single.stop();
    }
  });

  it('CS28 tries are limited per account and address, and per address; right passwords are not tried then either', async () => {
    const env = {
      SALLYPORT_SIGN_IN_ATTEMPTS_PER_ACCOUNT: '3',
      SALLYPORT_SIGN_IN_ATTEMPTS_PER_ADDRESS: '9',
      SALLYPORT_SIGN_IN_ATTEMPTS_PERIOD_S: '86400',
    };
    const strict = await startGateway({ redisUrl: redisUrl(), env });
    try {
      const username = freshName();
      await newUser(new Backend(strict.url), { username, password: PASSWORD });
      const attempt = async (name: string, password: string) => {
        const answer = await new ClientApp(strict.url).post('/v1/client/sign_ins', byPassword(name, password));
        return [...codeOf(answer), answer.headers.has('retry-after')];
      };
      const wrong = [422, 'form_password_incorrect', false];
      const limited = [429, 'too_many_requests', true];
      const nobody = freshName();
      for (const name of [username, nobody]) {
        for (let n = 0; n < 3; n += 1) expect(await attempt(name, 'wrong')).toEqual(wrong);
        expect(await attempt(name.toUpperCase(), PASSWORD)).toEqual(limited);
      }
      for (let n = 0; n < 3; n += 1) expect(await attempt(freshName(), 'wrong')).toEqual(wrong);
      expect(await attempt(freshName(), 'wrong')).toEqual(limited);
    } finally {
      await strict.stop();
    }
  });

  it.each([
    ['nothing', {}],
    ['no strategy', { identifier: 'a', password: 'b' }],
    ['an unknown strategy', { strategy: 'oauth' }],
    ['no password', { strategy: 'password', identifier: 'a' }],
    ['an empty password', { strategy: 'password', identifier: 'a', password: '' }],
    ['a password as a number', { strategy: 'password', identifier: 'a', password: 7 }],
    ['no ticket', { strategy: 'ticket' }],
    ['a very long identifier', { strategy: 'password', identifier: 'a'.repeat(400), password: 'b' }],
  ])('CS12 a sign-in with %s is 422', async (_name, json) => {
    const answer = await new ClientApp(running.url).call('POST', '/v1/client/sign_ins', { json });
    expect(codeOf(answer)).toEqual([422, 'invalid_request']);
    expect(JSON.stringify(answer.body)).not.toContain('aaaa');
  });

  it('CS13 a repeated sign-in with its Idempotency-Key is one', async () => {
    const { userId } = await someUser();
    const form = { strategy: 'ticket', ticket: await ticketFor(userId) };
    const key = { 'idempotency-key': freshName() };
    const first = await new ClientApp(running.url).post('/v1/client/sign_ins', form, key);
    const again = await new ClientApp(running.url).post('/v1/client/sign_ins', form, key);
    expect([again.status, again.body, again.headers.get('set-cookie')]).toEqual([
      200,
      first.body,
      first.headers.get('set-cookie'),
    ]);
  });
});
