/** Logging in and blocks, over real HTTP on both stores: `/authenticate/...`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STORES } from '../../support/both-stores.js';
import { eventually } from '../../support/eventually.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';
import { LoginApi, type LoginAnswer } from '../../support/login.js';

const LSID = /^lsid_[0-9A-Za-z]{27}_[0-9A-Za-z]{43}$/;
const WRONG = 'not the password';

describe.each(STORES)('logging in on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let api: LoginApi;

  beforeAll(async () => {
    running = await startGateway({
      redisUrl: redisUrl(),
      env: { SALLYPORT_SIGN_IN_ATTEMPTS_PER_ACCOUNT: '5', SALLYPORT_SIGN_IN_ATTEMPTS_PER_ADDRESS: '0' },
    });
    api = new LoginApi(running.url);
  });

  afterAll(() => running.stop());

  it('LS1 authenticate: 200 with a session for password or passwordHash, as JSON or as a form', async () => {
    const user = await api.newUser();
    const organization = await api.newOrganization(user);
    await api.root.native('PATCH', `/v1/users/${user.id}`, { home_organization_id: organization });
    const path = `/authenticate/${user.username.toUpperCase()}`;
    const { password } = user;
    const answers = [
      await api.call('POST', path, { json: { password } }),
      await api.call('POST', path, { json: { passwordHash: password } }),
      await api.call('POST', path, { form: { password } }),
      await api.call('POST', path, { form: { passwordHash: password } }),
      await api.call('POST', path, { raw: `password=${encodeURIComponent(password)}` }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 400]);
    const { sessionId, createdAt, lastAccessedAt, expiresAt, ...rest } = answers[0]?.body as Record<string, unknown>;
    expect(sessionId).toMatch(LSID);
    expect(rest).toEqual({
      userId: user.id,
      username: user.username,
      orgId: organization,
      assumed: false,
      ipAddress: '127.0.0.1',
      effectiveUserId: user.id,
      effectiveOrgId: organization,
    });
    expect(Number(createdAt)).toBeGreaterThan(Date.now() - 60_000);
    expect([lastAccessedAt, expiresAt]).toEqual([createdAt, Number(createdAt) + 604_800_000]);
    const ids = answers.slice(0, 4).map(({ body }) => (body as { sessionId: string }).sessionId);
    expect(new Set(ids).size).toBe(4);
    const { body } = await api.root.native('GET', `/v1/users/${user.id}`);
    expect((body as { last_sign_in_at: number }).last_sign_in_at).toBeGreaterThanOrEqual(Number(createdAt) - 5000);
  });

  it('LS1 authenticate: the name is read percent-decoded and folded, without matrix parameters, whatever words it is', async () => {
    const tag = Date.now().toString(36);
    const accented = await api.newUser({ username: `jos\u00e9.${tag}-x` });
    const { password } = accented;
    for (const path of [`jos%C3%A9.${tag}-x`, `JOSE%CC%81.${tag}%2dX`, `jos%c3%a9.${tag}-x;a=%2F;password=x`]) {
      const { status, body } = await api.call('POST', `/authenticate/${path}`, { json: { password } });
      expect([path, status, (body as { userId: string }).userId]).toEqual([path, 200, accented.id]);
    }
    const block = await api.newUser({ username: 'block' });
    expect((await api.authenticate('block', block.password)).status).toBe(200);
  });

  it('LS1 authenticate: JSON whatever its type, a form by its type, as plain text or without one', async () => {
    const { username, password } = await api.newUser();
    const [json, form] = [JSON.stringify({ password }), new URLSearchParams({ password }).toString()];
    const typed = (raw: string, type: string) =>
      api.call('POST', `/authenticate/${username}`, { raw, headers: { 'content-type': type } });
    const asForm = 'application/x-www-form-urlencoded';
    const right = [
      ...[await typed(json, 'application/json; charset=utf-8'), await typed(json, 'text/plain')],
      ...[await typed(json, asForm), await typed(` \r\n\t${json}`, asForm), await typed(json, '')],
      ...[await typed(form, `${asForm}; charset=UTF-8`), await typed(form, 'APPLICATION/X-WWW-Form-Urlencoded')],
      await typed(form, 'text/plain'),
    ];
    expect(right.map(({ status }) => status)).toEqual(right.map(() => 200));
    const wrong = [await typed(`${form}&password=x`, asForm), await typed(`{${json}`, asForm)];
    wrong.push(await typed(`[${json}]`, 'application/json'));
    expect(wrong.map(({ status }) => status)).toEqual([400, 400, 400]);
  });

  it('LS1 authenticate: 400 without a password, or with two', async () => {
    const { username, password } = await api.newUser();
    const path = `/authenticate/${username}`;
    const refused = [
      await api.call('POST', path),
      await api.call('POST', path, { json: { password: '' } }),
      await api.call('POST', path, { json: { password, passwordHash: password } }),
      await api.call('POST', path, { raw: '{"password":' }),
      await api.call('POST', path, { form: { pass: password } }),
    ];
    expect(refused.map(({ status, body }) => [status, Object.keys(body as object)])).toEqual(
      refused.map(() => [400, ['error', 'message']]),
    );
  });

  it('LS2 authenticate: 401 is the same for an unknown user, a wrong password, and one who has no password', async () => {
    const known = await api.newUser();
    const passwordless = await api.newUser({ password: null });
    const blocked = await api.newUser();
    await api.call('POST', `/authenticate/block/${blocked.username}?apiKey=${api.root.key}`);
    const banned = await api.newUser();
    await api.root.native('POST', `/v1/users/${banned.id}/ban`);
    const names = [
      known.username,
      passwordless.username,
      blocked.username,
      banned.username,
      'nobody-at-all',
      'no name!',
      'x'.repeat(65),
      'x'.repeat(4000),
      known.email,
    ];
    const answers: LoginAnswer[] = [];
    for (const name of names) answers.push(await api.authenticate(name, WRONG));
    const [first, ...others] = answers.map(comparable);
    expect(first?.status).toBe(401);
    expect(first?.text).toBe('{"error":"login_failed","message":"The user name or the password is incorrect."}');
    for (const other of others) expect(other).toEqual(first);
  });

  it('LS3 authenticate: 403 for a blocked or banned user, and only with the right password', async () => {
    const blocked = await api.newUser();
    await api.call('POST', `/authenticate/block/${blocked.username}?apiKey=${api.root.key}`);
    const banned = await api.newUser();
    await api.root.native('POST', `/v1/users/${banned.id}/ban`);
    for (const user of [blocked, banned]) {
      expect((await api.authenticate(user.username, WRONG)).status).toBe(401);
      const refused = await api.authenticate(user.username, user.password);
      expect([refused.status, refused.body]).toEqual([403, { error: 'user_blocked', message: 'The user is blocked.' }]);
    }
  });

  it('LS4 authenticate: 429 after the configured tries from one address; the user still logs in from another', async () => {
    const user = await api.newUser();
    const tries: number[] = [];
    for (let n = 0; n < 8; n += 1) tries.push((await api.authenticate(user.username, WRONG)).status);
    expect(tries).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
    const refused = await api.authenticate(user.username, user.password);
    expect([refused.status, (refused.body as { error: string }).error]).toEqual([429, 'too_many_requests']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await api.authenticate(user.username, user.password, '127.0.0.7')).status).toBe(200);
    const unknown: number[] = [];
    for (let n = 0; n < 6; n += 1) unknown.push((await api.authenticate(`${user.username}-x`, WRONG)).status);
    expect(unknown).toEqual([401, 401, 401, 401, 401, 429]);
  });

  it('LS4 authenticate: a success gives the tries back', async () => {
    const user = await api.newUser();
    for (let round = 0; round < 3; round += 1) {
      for (let n = 0; n < 4; n += 1) expect((await api.authenticate(user.username, WRONG)).status).toBe(401);
      expect((await api.authenticate(user.username, user.password)).status).toBe(200);
    }
  });

  it('LS5 block: 200 for the user itself and admins, 401 without a credential, 403 for others and for weak keys', async () => {
    const user = await api.newUser();
    const other = await api.newUser();
    const admin = await api.newUser({ admin: true });
    const path = (username: string, lsid: string) => `/authenticate;lsid=${lsid}/block/${username}`;
    const lsid = await api.logIn(user);
    const free = { username: user.username, blocked: false, until: null };
    const key = await api.newKey('auth');
    const keyed = (name: string, carried: string) => api.call('GET', `/authenticate/block/${name}?${carried}`);
    for (const answer of [
      await api.call('GET', path(user.username, lsid)),
      await api.call('GET', path(user.username, await api.logIn(admin))),
      await keyed(user.username, `apiKey=${key}`),
      await keyed(user.username, `api_key=${key}`),
    ]) {
      expect([answer.status, answer.body]).toEqual([200, free]);
    }
    const nobody = await keyed('nobody-at-all', `apiKey=${key}`);
    expect([nobody.status, nobody.body]).toEqual([200, { ...free, username: 'nobody-at-all' }]);
    for (const method of ['GET', 'POST', 'DELETE']) {
      const anonymous = await api.call(method, `/authenticate/block/${user.username}`);
      expect([anonymous.status, (anonymous.body as { error: string }).error]).toEqual([401, 'login_session_invalid']);
      const weak = await api.newKey('relays', 'sessions', 'admin');
      expect((await api.call(method, `/authenticate/block/${user.username}?apiKey=${weak}`)).status).toBe(403);
      const both = await api.call(method, `${path(user.username, lsid)}?apiKey=${key}`);
      expect(both.status).toBe(401);
      const stranger = await api.call(method, path(user.username, await api.logIn(other)));
      expect([stranger.status, (stranger.body as { error: string }).error]).toEqual([403, 'not_allowed']);
      const guess = await api.call(method, path('nobody-at-all', await api.logIn(other)));
      expect(guess.text).toBe(stranger.text);
    }
    expect((await api.call('POST', path(user.username, lsid))).status).toBe(403);
  });

  it('LS6 block and unblock: 200; the sessions end, the user cannot log in until then, and can afterwards', async () => {
    const user = await api.newUser();
    const lsids = [await api.logIn(user), await api.logIn(user)];
    const admin = await api.logIn(await api.newUser({ admin: true }));
    const path = `/authenticate/block;lsid=${admin}/${user.username}`;
    const blocked = await api.call('POST', path);
    expect([blocked.status, blocked.body]).toEqual([200, { username: user.username, blocked: true, until: null }]);
    expect(await Promise.all(lsids.map((lsid) => api.isAlive(lsid)))).toEqual([false, false]);
    expect((await api.authenticate(user.username, user.password)).status).toBe(403);
    const until = Date.now() + 3_600_000;
    for (const form of [{ json: { until } }, { form: { until: String(until) } }]) {
      const limited = await api.call('POST', path, form);
      expect([limited.status, limited.body]).toEqual([200, { username: user.username, blocked: true, until }]);
    }
    expect((await api.call('GET', path)).body).toEqual({ username: user.username, blocked: true, until });
    const lifted = await api.call('DELETE', path);
    expect([lifted.status, lifted.body]).toEqual([200, { username: user.username, blocked: false, until: null }]);
    expect((await api.authenticate(user.username, user.password)).status).toBe(200);
    expect(await api.isAlive(lsids[0] ?? '')).toBe(false);
  });

  it('LS6 block: the user can log in again when its time is over', async () => {
    const user = await api.newUser();
    const path = `/authenticate/block/${user.username}?apiKey=${api.root.key}`;
    const { status } = await api.call('POST', path, { json: { until: Date.now() + 2000 } });
    expect(status).toBe(200);
    const free = { username: user.username, blocked: false, until: null };
    await eventually(async () => {
      const { body } = await api.call('GET', path);
      return JSON.stringify(body) === JSON.stringify(free) ? null : JSON.stringify(body);
    });
    expect((await api.authenticate(user.username, user.password)).status).toBe(200);
  });

  it('LS6 block: 400 for a time that is none or has passed, 404 for nobody', async () => {
    const user = await api.newUser();
    const path = (name: string) => `/authenticate/block/${name}?apiKey=${api.root.key}`;
    for (const until of [Date.now() - 1, 0, -5, 'soon', 1.5]) {
      expect((await api.call('POST', path(user.username), { json: { until } })).status).toBe(400);
    }
    for (const method of ['POST', 'DELETE']) {
      const nobody = await api.call(method, path('nobody-at-all'));
      expect([nobody.status, (nobody.body as { error: string }).error]).toEqual([404, 'user_not_found']);
    }
  });
});

describe.each(STORES)('tries at passwords on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let api: LoginApi;

  beforeAll(async () => {
    running = await startGateway({
      redisUrl: redisUrl(),
      env: {
        SALLYPORT_SIGN_IN_ATTEMPTS_PER_ACCOUNT: '2',
        SALLYPORT_SIGN_IN_ATTEMPTS_PER_ADDRESS: '6',
        SALLYPORT_PASSWORD_RESETS_PER_ADDRESS: '3',
        SALLYPORT_RESET_URLS: 'https://app.example',
      },
    });
    api = new LoginApi(running.url);
  });

  afterAll(() => running.stop());

  it('LS4 authenticate: 429 after the configured tries of one address at many accounts; not at another address', async () => {
    const user = await api.newUser();
    const statuses: number[] = [];
    for (let n = 0; n < 8; n += 1) {
      statuses.push((await api.authenticate(`${user.username}-${String(n)}`, WRONG, '127.0.2.1')).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 429, 429]);
    expect((await api.authenticate(user.username, user.password, '127.0.2.1')).status).toBe(429);
    expect((await api.authenticate(user.username, user.password, '127.0.2.2')).status).toBe(200);
  });

  it('LS4 authenticate: while everybody guesses at an account it lets in who signed in there before, and slows others', async () => {
    const user = await api.newUser();
    expect((await api.authenticate(user.username, user.password, '127.0.3.1')).status).toBe(200);
    const statuses: number[] = [];
    for (let n = 0; n < 24; n += 1) {
      statuses.push((await api.authenticate(user.username, WRONG, `127.0.4.${String(n + 1)}`)).status);
    }
    // One of twenty was the user's own.
    expect(statuses.filter((status) => status === 401)).toHaveLength(19);
    expect((await api.authenticate(user.username, user.password, '127.0.5.1')).status).toBe(429);
    expect((await api.authenticate(user.username, user.password, '127.0.3.1')).status).toBe(200);
  });

  it('LS20 reset: 429 after the configured requests of one address for many accounts; not at another address', async () => {
    const ask = (username: string, from: string) =>
      api.call('POST', '/password/reset', { json: { username, resetUrl: 'https://app.example/' }, from });
    const answers: LoginAnswer[] = [];
    for (let n = 0; n < 5; n += 1) answers.push(await ask(`somebody-${String(n)}`, '127.0.6.1'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429]);
    expect(Number(answers[4]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask('somebody-4', '127.0.6.2')).status).toBe(200);
  });
});

/** Without what differs between any two answers. */
function comparable({ status, text, rawHeaders }: LoginAnswer) {
  const varying = new Set(['x-request-id', 'date']);
  const headers: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    headers.push(varying.has(name.toLowerCase()) ? name : `${name}: ${rawHeaders[at + 1] ?? ''}`);
  }
  return { status, text, headers };
}
