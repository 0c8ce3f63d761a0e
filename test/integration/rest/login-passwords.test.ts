/** Forgotten and changed passwords over real HTTP, on both stores: `/password/...`, and the mails in between. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STORES } from '../../support/both-stores.js';
import { ClientApp } from '../../support/client-app.js';
import { eventually } from '../../support/eventually.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';
import { startGatewayProcess } from '../../support/gateway-process.js';
import { inParallel } from '../../support/in-parallel.js';
import { LoginApi, type LoginAnswer, type TestUser } from '../../support/login.js';
import { mimePart, startSmtpServer, startWebhook } from '../../support/mail-servers.js';

const PAGE = 'https://app.example/account/reset';
const NEW_PASSWORD = 'a new password, or the hash of one';
const DONE = [200, '{"done":true}'];
const NO_USER = `user_${'0'.repeat(27)}`;

describe.each(STORES)('passwords on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let api: LoginApi;

  beforeAll(async () => {
    running = await startGateway({
      redisUrl: redisUrl(),
      env: {
        SALLYPORT_ENV: 'development',
        SALLYPORT_RESET_URLS: `${PAGE}, http://localhost:3000`,
        SALLYPORT_SIGN_IN_ATTEMPTS_PER_ADDRESS: '0',
        SALLYPORT_PASSWORD_RESETS_PER_ADDRESS: '0',
      },
    });
    api = new LoginApi(running.url);
  });

  afterAll(() => running.stop());

  function ask(names: Readonly<Record<string, unknown>>, from?: string): Promise<LoginAnswer> {
    const options = { json: { resetUrl: PAGE, ...names }, ...(from === undefined ? {} : { from }) };
    return api.call('POST', '/password/reset', options);
  }

  async function mailsTo({ email }: TestUser): Promise<readonly { subject: string; text: string; html: string }[]> {
    const { body } = await api.root.native('GET', '/v1/outbox');
    const { mails } = body as { mails: readonly { to: string; subject: string; text: string; html: string }[] };
    return mails.filter(({ to }) => to === email);
  }

  /** The token of the newest mail, once there are this many. */
  async function tokenOf(user: TestUser, mails = 1): Promise<string> {
    let text = '';
    await eventually(async () => {
      const found = await mailsTo(user);
      text = found[0]?.text ?? '';
      return found.length === mails ? null : `${String(found.length)} mails`;
    });
    return /[?&]token=([0-9A-Za-z]{43})\b/.exec(text)?.[1] ?? '';
  }

  /** A few later requests, each waited for: those before had their turn. */
  async function untilAllIsDone(): Promise<void> {
    for (let n = 0; n < 5; n += 1) {
      const later = await api.newUser();
      await ask({ userId: later.id });
      await tokenOf(later);
    }
  }

  function confirm(
    token: string,
    username: string,
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<LoginAnswer> {
    return api.call('POST', '/password/reset/confirm', {
      json: { token, username, newPasswordHash: NEW_PASSWORD, ...more },
    });
  }

  it('NT5 a password set by reset, by change and by a backend is the same however its letters are composed', async () => {
    const user = await api.newUser();
    const isRight = async (password: string): Promise<boolean> => {
      const logIn = await api.authenticate(user.username, password);
      const form = { strategy: 'password', identifier: user.username, password };
      const signIn = await new ClientApp(running.url).post('/v1/client/sign_ins', form);
      expect([logIn.status, signIn.status]).toEqual(logIn.status === 200 ? [200, 200] : [401, 422]);
      return logIn.status === 200;
    };
    const [one, two, three] = ['ürgs passwörd', 'zwö passwörds', 'drö passwörds'].map((text) => text.normalize('NFD'));
    if (one === undefined || two === undefined || three === undefined) throw new Error('unreachable');
    await ask({ userId: user.id });
    expect((await confirm(await tokenOf(user), user.username, { newPasswordHash: one })).status).toBe(200);
    expect([await isRight(one.normalize('NFC')), await isRight(one), await isRight(two)]).toEqual([true, true, false]);

    const lsid = await api.logIn({ ...user, password: one });
    const json = { oldPasswordHash: one.normalize('NFC'), newPasswordHash: two };
    expect((await api.call('PUT', `/password/${user.id};lsid=${lsid}`, { json })).status).toBe(200);
    expect([await isRight(two.normalize('NFC')), await isRight(one)]).toEqual([true, false]);

    await api.root.native('PATCH', `/v1/users/${user.id}`, { password: three });
    expect(await isRight(three.normalize('NFC'))).toBe(true);
  });

  it('NT5 no call sets a password with a control character, or one that is too short once it is composed', async () => {
    const user = await api.newUser();
    await ask({ userId: user.id });
    const token = await tokenOf(user);
    for (const password of ['bell \u0007 rings', 'half a pair \ud800', 'line\nbreaks', 'éééé'.normalize('NFD')]) {
      const answers = [
        await confirm(token, user.username, { newPasswordHash: password }),
        await api.root.native('PATCH', `/v1/users/${user.id}`, { password }),
        await api.root.native('POST', '/v1/users', { username: 'never', password }),
      ];
      expect([password, answers.map(({ status }) => status)]).toEqual([password, [400, 400, 400]]);
    }
    // Control: the token is not used up.
    expect((await confirm(token, user.username)).status).toBe(200);
  });

  it('LS18 reset: 200 and a mail with the link, for every name of the user, as JSON or as a form', async () => {
    const user = await api.newUser({ phone: '+4930901820', mobile: '+491701234567' });
    const names = [
      ...[{ userId: user.id }, { username: user.username.toUpperCase() }, { email: user.email }],
      ...[{ phone: '+49 30 901820' }, { mobile: '+491701234567' }, { email: user.email, phone: '+4930901820' }],
    ];
    for (const [n, json] of names.entries()) {
      const { status, text } = await ask(json);
      expect([status, text]).toEqual(DONE);
      expect(await tokenOf(user, n + 1)).toMatch(/^[0-9A-Za-z]{43}$/);
      await api.root.native('PATCH', `/v1/users/${user.id}`, { first_name: String(n) });
    }
    const form = { username: user.username, resetUrl: `${PAGE}/page?lang=de&token=old#top`, template: 'welcome' };
    expect((await api.call('POST', '/password/reset', { form })).status).toBe(200);
    const token = await tokenOf(user, names.length + 1);
    const [mail] = await mailsTo(user);
    const link = `${PAGE}/page?lang=de&token=${token}#top`;
    expect(mail).toMatchObject({ subject: 'Set your password', to: user.email });
    expect(mail?.text).toContain(`\n${link}\n`);
    expect(mail?.html).toContain(`href="${link.replace('&', '&amp;')}"`);
  });

  it('LS18 reset: the answer is the same whoever exists, and only who all names fit gets a mail', async () => {
    const user = await api.newUser({ phone: '+4930901821' });
    const other = await api.newUser({ mobile: '+491701234568' });
    const banned = await api.newUser();
    await api.root.native('POST', `/v1/users/${banned.id}/ban`);
    const mailless = await api.newUser({ email: null });
    const asked = [
      ...[{ username: 'nobody-at-all' }, { email: 'nobody@mail.example' }, { userId: NO_USER }, { userId: 'x' }],
      ...[
        { username: user.username, email: other.email },
        { userId: user.id, mobile: '+491701234568' },
      ],
      ...[{ email: user.email, phone: '+4930901899' }, { username: banned.username }, { username: mailless.username }],
    ];
    const answers: LoginAnswer[] = [];
    for (const names of [...asked, { username: other.username }]) answers.push(await ask(names));
    expect(answers.map(({ status, text }) => [status, text])).toEqual(answers.map(() => DONE));
    const headerNames = answers.map(({ rawHeaders }) => rawHeaders.filter((_, at) => at % 2 === 0).join());
    expect(new Set(headerNames).size).toBe(1);
    await untilAllIsDone();
    expect((await Promise.all([user, other, banned, mailless].map(mailsTo))).map(({ length }) => length)).toEqual([
      0, 1, 0, 0,
    ]);
  });

  it('LS19 reset: 400 for a page that is not on the list, for no name, and for no page', async () => {
    const { username } = await api.newUser();
    for (const resetUrl of [
      ...[
        'https://evil.example/account/reset',
        `${PAGE}-evil`,
        'https://app.example/account',
        'http://app.example/account/reset',
      ],
      ...[
        `${PAGE}/../../evil`,
        `${PAGE}/..;/evil`,
        `${PAGE}/.;x=1/evil`,
        `${PAGE}/%2e%2e/evil`,
        `${PAGE}/..%2fevil`,
        'https://app.example@evil.example/account/reset',
      ],
      ...[
        'https://user:pw@app.example/account/reset',
        'https://app.example:8443/account/reset',
        'javascript:alert(1)',
        '//app.example',
      ],
      ...['https://app.example\\@evil.example/account/reset', 'https://app.example.evil.example/account/reset'],
    ]) {
      const { status, body } = await ask({ username, resetUrl });
      expect([resetUrl, status, (body as { error: string }).error]).toEqual([resetUrl, 400, 'reset_url_not_allowed']);
    }
    for (const json of [
      {},
      { username },
      { resetUrl: PAGE },
      { username, resetUrl: 5 },
      { username: '', resetUrl: PAGE },
    ]) {
      const { status, body } = await api.call('POST', '/password/reset', { json });
      expect([status, (body as { error: string }).error]).toEqual([400, 'invalid_request']);
    }
    for (const resetUrl of [
      'http://localhost:3000',
      'http://localhost:3000/any?x=1',
      `${PAGE}/`,
      PAGE.toUpperCase().replace('/ACCOUNT/RESET', '/account/reset'),
    ]) {
      expect([
        resetUrl,
        (await ask({ username: 'nobody-at-all', resetUrl }, `127.0.1.${String(resetUrl.length)}`)).status,
      ]).toEqual([resetUrl, 200]);
    }
  });

  it('LS19 no header of the request is in the link', async () => {
    const user = await api.newUser();
    const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' };
    await api.call('POST', '/password/reset', { json: { username: user.username, resetUrl: PAGE }, headers });
    await tokenOf(user);
    expect(JSON.stringify(await mailsTo(user))).not.toContain('evil');
  });

  it('LS20 reset: 429 per account and address, alike for nobody; another address may still ask', async () => {
    const user = await api.newUser();
    for (const username of [user.username, `${user.username}-x`]) {
      const statuses: number[] = [];
      for (let n = 0; n < 7; n += 1) statuses.push((await ask({ username })).status);
      expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
      const refused = await ask({ username });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await ask({ username }, '127.0.0.8')).status).toBe(200);
    }
  });

  it('LS21 confirm: 200 once; the password is the new one, and all sessions are over', async () => {
    const user = await api.newUser();
    const lsids = [await api.logIn(user), await api.logIn(user)];
    await ask({ userId: user.id });
    const token = await tokenOf(user);
    const { status, text } = await confirm(token, user.username.toUpperCase());
    expect([status, text]).toEqual(DONE);
    expect(await Promise.all(lsids.map((lsid) => api.isAlive(lsid)))).toEqual([false, false]);
    expect((await api.authenticate(user.username, user.password)).status).toBe(401);
    expect((await api.authenticate(user.username, NEW_PASSWORD)).status).toBe(200);
    const again = await confirm(token, user.username);
    expect([again.status, (again.body as { error: string }).error]).toEqual([400, 'reset_token_invalid']);
  });

  it('LS21 confirm: 400 with one text for another user, an unknown one, and what is no token; the token stays good', async () => {
    const user = await api.newUser();
    const other = await api.newUser();
    await ask({ userId: user.id });
    const token = await tokenOf(user);
    const refused = [
      ...[
        await confirm(token, other.username),
        await confirm(token, 'nobody-at-all'),
        await confirm('x', user.username),
      ],
      ...[await confirm('0'.repeat(43), user.username), await confirm('0'.repeat(43), 'nobody-at-all')],
    ];
    const first = refused[0]?.text ?? '';
    expect(refused.map(({ status, text }) => [status, text])).toEqual(refused.map(() => [400, first]));
    for (const more of [
      { newPasswordHash: 'short' },
      { newPasswordHash: undefined },
      { token: 5 },
      { username: undefined },
    ]) {
      const { status, body } = await confirm(token, user.username, more);
      expect([status, (body as { error: string }).error]).toEqual([400, 'invalid_request']);
    }
    const form = { token, username: user.username, newPasswordHash: NEW_PASSWORD };
    expect((await api.call('POST', '/password/reset/confirm', { form })).status).toBe(200);
  });

  it('LS22 a newer token, another password or another mail address outdates a token', async () => {
    const user = await api.newUser();
    await ask({ userId: user.id });
    const older = await tokenOf(user);
    await ask({ userId: user.id });
    const newer = await tokenOf(user, 2);
    expect((await confirm(older, user.username)).status).toBe(400);
    await api.root.native('PATCH', `/v1/users/${user.id}`, { password: 'changed by a backend' });
    expect((await confirm(newer, user.username)).status).toBe(400);
    await ask({ userId: user.id });
    const third = await tokenOf(user, 3);
    await api.root.native('PATCH', `/v1/users/${user.id}`, { email: `new-${user.email}` });
    expect((await confirm(third, user.username)).status).toBe(400);
    expect((await api.authenticate(user.username, 'changed by a backend')).status).toBe(200);
  });

  it('LS21 a thousand uses of one token at once: one succeeds', async () => {
    const user = await api.newUser();
    await ask({ userId: user.id });
    const token = await tokenOf(user);
    const passwords = Array.from({ length: 1000 }, (_, n) => `password number ${String(n)}`);
    const outcomes = new Map<string, number>();
    await inParallel(passwords, 250, async (newPasswordHash) => {
      outcomes.set(newPasswordHash, (await confirm(token, user.username, { newPasswordHash })).status);
    });
    const winners = passwords.filter((password) => outcomes.get(password) === 200);
    expect(winners).toHaveLength(1);
    expect([...outcomes.values()].filter((status) => status === 400)).toHaveLength(999);
    expect((await api.authenticate(user.username, winners[0] ?? '')).status).toBe(200);
  });

  it('LS23 change: 200 by the old password; the other sessions end, the caller’s stays', async () => {
    const user = await api.newUser();
    const [mine, other] = [await api.logIn(user), await api.logIn(user)];
    const { status, text } = await api.call('PUT', `/password;lsid=${mine}/${user.id}`, {
      json: { oldPasswordHash: user.password, newPasswordHash: NEW_PASSWORD },
    });
    expect([status, text]).toEqual(DONE);
    expect([await api.isAlive(mine), await api.isAlive(other)]).toEqual([true, false]);
    expect((await api.authenticate(user.username, user.password)).status).toBe(401);
    expect((await api.authenticate(user.username, NEW_PASSWORD)).status).toBe(200);
    const form = { oldPasswordHash: NEW_PASSWORD, newPasswordHash: user.password };
    expect((await api.call('PUT', `/password/${user.id}?apiKey=${await api.newKey('auth')}`, { form })).status).toBe(
      200,
    );
    expect([await api.isAlive(mine), (await api.authenticate(user.username, user.password)).status]).toEqual([
      false,
      200,
    ]);
  });

  it('LS23 change: 200 by an admin with the admin’s own password', async () => {
    const user = await api.newUser();
    const admin = await api.newUser({ admin: true });
    const [theirs, own] = [await api.logIn(user), await api.logIn(admin)];
    const { status } = await api.call('PUT', `/password/${user.id};lsid=${own}`, {
      json: { adminPasswordHash: admin.password, newPasswordHash: NEW_PASSWORD },
    });
    expect([status, await api.isAlive(theirs), await api.isAlive(own)]).toEqual([200, false, true]);
    expect((await api.authenticate(user.username, NEW_PASSWORD)).status).toBe(200);
  });

  it('LS23 change: 401 without a session, 403 for a weak key, 400 for no or two proofs', async () => {
    const user = await api.newUser();
    const lsid = await api.logIn(user);
    const json = { oldPasswordHash: user.password, newPasswordHash: NEW_PASSWORD };
    const over = await api.logIn(user);
    await api.call('DELETE', `/session/${over}`);
    for (const path of [`/password/${user.id}`, `/password/${user.id};lsid=${over}`, `/password/${user.id}?apiKey=x`]) {
      const { status, body } = await api.call('PUT', path, { json });
      expect([status, (body as { error: string }).error]).toEqual([401, 'login_session_invalid']);
    }
    expect((await api.call('PUT', `/password/${user.id}?apiKey=${await api.newKey('admin')}`, { json })).status).toBe(
      403,
    );
    const both = { ...json, adminPasswordHash: user.password };
    for (const wrong of [both, { newPasswordHash: NEW_PASSWORD }, { ...json, newPasswordHash: 'short' }, {}]) {
      expect((await api.call('PUT', `/password/${user.id};lsid=${lsid}`, { json: wrong })).status).toBe(400);
    }
  });

  it('LS23 change: 404 with one text for nobody, a wrong password and who is no admin; then 429', async () => {
    const user = await api.newUser();
    const admin = await api.newUser({ admin: true });
    const [plain, own] = [await api.logIn(user), await api.logIn(admin)];
    const acting = await api.logIn(admin);
    await api.call('POST', `/session/${acting}/setEffectiveUser`, { json: user.id });
    const change = (id: string, lsid: string, proof: Readonly<Record<string, string>>) =>
      api.call('PUT', `/password/${id};lsid=${lsid}`, { json: { ...proof, newPasswordHash: NEW_PASSWORD } });
    const [target, other] = [await api.newUser(), await api.newUser()];
    const refused = [
      ...[await change(NO_USER, own, { oldPasswordHash: 'x' }), await change('nobody', own, { oldPasswordHash: 'x' })],
      ...[
        await change(user.id, plain, { oldPasswordHash: 'wrong' }),
        await change(NO_USER, own, { adminPasswordHash: admin.password }),
      ],
      ...[
        await change(target.id, plain, { adminPasswordHash: user.password }),
        await change(target.id, own, { adminPasswordHash: 'wrong' }),
      ],
      await change(target.id, acting, { adminPasswordHash: admin.password }),
      await api.call('PUT', `/password/${target.id}?apiKey=${api.root.key}`, {
        json: { adminPasswordHash: admin.password, newPasswordHash: NEW_PASSWORD },
      }),
    ];
    const first = refused[0]?.text ?? '';
    expect(first).toContain('password_mismatch');
    expect(refused.map(({ status, text }) => [status, text])).toEqual(refused.map(() => [404, first]));
    const statuses: number[] = [];
    for (let n = 0; n < 12; n += 1) statuses.push((await change(other.id, plain, { oldPasswordHash: 'wrong' })).status);
    expect(statuses).toEqual([...new Array<number>(10).fill(404), 429, 429]);
    expect(await api.isAlive(plain)).toBe(true);
  });

  it('LS23 change: an admin’s password is tried ten times, whichever users the calls are about; then 429', async () => {
    const admin = await api.newUser({ admin: true });
    const lsid = await api.logIn(admin);
    const statuses: number[] = [];
    for (let n = 0; n < 12; n += 1) {
      const target = `user_${String(n).padStart(27, '0')}`;
      const json = { adminPasswordHash: `guess ${String(n)}`, newPasswordHash: NEW_PASSWORD };
      statuses.push((await api.call('PUT', `/password/${target};lsid=${lsid}`, { json })).status);
    }
    expect(statuses).toEqual([...new Array<number>(10).fill(404), 429, 429]);
    const own = { oldPasswordHash: 'a guess', newPasswordHash: NEW_PASSWORD };
    const user = await api.newUser();
    expect((await api.call('PUT', `/password/${user.id};lsid=${lsid}`, { json: own })).status).toBe(404);
  });

  it('LS26 outbox: for keys of scope admin', async () => {
    const key = await api.newKey('auth');
    const { status } = await api.root.call('GET', '/v1/outbox', undefined, { authorization: `Bearer ${key}` });
    expect([status, (await api.root.call('GET', '/v1/outbox')).status]).toEqual([403, 401]);
    const admin = { authorization: `Bearer ${await api.newKey('admin')}` };
    expect((await api.root.call('GET', '/v1/outbox', undefined, admin)).status).toBe(200);
  });
});

describe('where reset mails go', () => {
  const RESET = { SALLYPORT_RESET_URLS: PAGE };

  async function askOn(url: string): Promise<{ readonly api: LoginApi; readonly user: TestUser }> {
    const api = new LoginApi(url);
    const user = await api.newUser();
    const { status, text } = await api.call('POST', '/password/reset', { json: { userId: user.id, resetUrl: PAGE } });
    expect([status, text]).toEqual(DONE);
    return { api, user };
  }

  it('LS24 to the SMTP server, whose mail resets the password', async () => {
    const smtp = await startSmtpServer({ tls: 'none' });
    const running = await startGateway({
      env: {
        ...RESET,
        SALLYPORT_SMTP_URL: `smtp://127.0.0.1:${String(smtp.port)}`,
        SALLYPORT_MAIL_FROM: 'us@gateway.example',
      },
    });
    const { api, user } = await askOn(running.url);
    await eventually(() => (smtp.taken.length === 1 ? null : 'no mail'));
    expect(smtp.taken).toMatchObject([{ from: 'us@gateway.example', to: [user.email] }]);
    const token = /token=([0-9A-Za-z]{43})/.exec(mimePart(smtp.taken[0]?.raw ?? '', 'text/plain'))?.[1];
    const json = { token, username: user.username, newPasswordHash: NEW_PASSWORD };
    expect((await api.call('POST', '/password/reset/confirm', { json })).status).toBe(200);
    expect((await api.root.native('GET', '/v1/outbox')).status).toBe(404);
    expect((await api.call('GET', '/metrics')).text).toContain('sallyport_mails_sent_total 1\n');
    await running.stop();
    await smtp.stop();
  });

  it('LS25 to the webhook', async () => {
    const hook = await startWebhook();
    const secret = 'secret-of-the-mail-webhook-0123456789';
    const running = await startGateway({
      env: {
        ...{ ...RESET, SALLYPORT_ENV: 'development' },
        ...{ SALLYPORT_MAIL_WEBHOOK_URL: hook.url, SALLYPORT_MAIL_WEBHOOK_SECRET: secret },
      },
    });
    const { user } = await askOn(running.url);
    await eventually(() => (hook.calls.length === 1 ? null : 'no call'));
    expect(hook.calls[0]).toMatchObject({ headers: { authorization: `Bearer ${secret}` }, body: { to: user.email } });
    await running.stop();
    await hook.stop();
  });

  it('LS27 nowhere without a mailer in production: the answer is the same, and the log says so once', async () => {
    const gateway = await startGatewayProcess(RESET);
    const { api } = await askOn(gateway.url);
    await askOn(gateway.url);
    expect((await api.root.native('GET', '/v1/outbox')).status).toBe(404);
    await eventually(() => (gateway.output().includes('mail_not_configured') ? null : gateway.output()));
    await gateway.stop();
    expect(gateway.output().match(/"event":"mail_not_configured"/g)).toHaveLength(1);
  });

  it('LS27 a server that does not take the mail is an error event without the address', async () => {
    const smtp = await startSmtpServer({ tls: 'none', refuse: 'no box' });
    const gateway = await startGatewayProcess({
      ...RESET,
      SALLYPORT_SMTP_URL: `smtp://127.0.0.1:${String(smtp.port)}`,
      SALLYPORT_MAIL_FROM: 'us@gateway.example',
    });
    const { user } = await askOn(gateway.url);
    await eventually(() => (gateway.output().includes('"event":"mail_not_sent"') ? null : gateway.output()));
    await gateway.stop();
    expect(gateway.output()).not.toContain(user.email);
    await smtp.stop();
  });
});
