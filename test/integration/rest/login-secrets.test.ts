/** No secret of the login surface leaves through logs, metrics, errors or the store; and what the audit log says. */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { describe, expect, inject, it } from 'vitest';
import { STORES } from '../../support/both-stores.js';
import { eventually } from '../../support/eventually.js';
import { ROOT_KEY } from '../../support/gateway.js';
import { startGatewayProcess, type GatewayProcess } from '../../support/gateway-process.js';
import { LoginApi, type CallOptions, type LoginAnswer, type TestUser } from '../../support/login.js';
import { redisText, SecretScan } from '../../support/secret-scan.js';

const PAGE = 'https://app.example/reset';

describe.each(STORES)('secrets of the login surface on $store', ({ redisUrl }) => {
  async function start(): Promise<{ readonly gateway: GatewayProcess; readonly prefix: string }> {
    const prefix = `sallyport-test-${randomBytes(6).toString('hex')}:`;
    const url = redisUrl();
    const gateway = await startGatewayProcess({
      ...{ SALLYPORT_ENV: 'development', SALLYPORT_LOG_LEVEL: 'trace', SALLYPORT_RESET_URLS: PAGE },
      ...(url === null ? {} : { SALLYPORT_REDIS_URL: url, SALLYPORT_REDIS_PREFIX: prefix }),
    });
    return { gateway, prefix };
  }

  it('LS28 none is in logs, metrics, error answers or the store, in any spelling', async () => {
    const { gateway, prefix } = await start();
    const walk = new Walk(gateway.url);
    await walk.everything();
    const { text: metrics } = await walk.api.call('GET', '/metrics');
    const kept = redisUrl() === null ? '' : await storeText(prefix);
    await gateway.stop();
    const [logs, errors] = [gateway.output(), walk.errors.join('\n')];
    expect([walk.scan.size >= 12, walk.errors.length > 40, logs.includes('"event":"audit"')]).toEqual([
      true,
      true,
      true,
    ]);
    if (redisUrl() !== null) expect(kept).toContain(prefix);
    expect(walk.scan.found({ logs, metrics, errors, store: kept })).toEqual([]);
  });

  it('LS17 the audit log names who did what to whom, by real and effective user', async () => {
    const { gateway } = await start();
    const api = new LoginApi(gateway.url);
    const [user, admin] = [await api.newUser(), await api.newUser({ admin: true })];
    const other = await api.newUser();
    const lsid = await api.logIn(admin);
    await api.logIn(user);
    await api.call('POST', `/session/${lsid}/setEffectiveUser`, { json: user.id });
    await api.call('DELETE', `/session/user;lsid=${lsid}/${user.id}`);
    await api.call('DELETE', `/session/${lsid}/assumedIdentity`);
    await api.call('POST', `/authenticate/block;lsid=${lsid}/${other.username}`);
    await api.call('DELETE', `/authenticate/block/${other.username}?apiKey=${ROOT_KEY}`);
    const change = { adminPasswordHash: admin.password, newPasswordHash: 'another password' };
    await api.call('PUT', `/password;lsid=${lsid}/${user.id}`, { json: change });
    await api.call('POST', '/password/reset', { json: { userId: user.id, resetUrl: PAGE } });
    const json = { token: await resetToken(api), username: user.username, newPasswordHash: 'one more password' };
    await api.call('POST', '/password/reset/confirm', { json });
    await api.call('DELETE', `/session/user/${admin.id}?apiKey=${ROOT_KEY}`);
    await gateway.stop();
    const lines = gateway
      .output()
      .split('\n')
      .filter((line) => line.includes('"event":"audit"'));
    const own = {
      by: 'user',
      by_user_id: admin.id,
      effective_user_id: admin.id,
      session_id: expect.any(String) as unknown,
    };
    const key = { by: 'api_key', by_key_id: 'root' };
    const events = [
      { ...own, action: 'identity_assumed', target_user_id: user.id, sessions_ended: 0 },
      { ...own, effective_user_id: user.id, action: 'sessions_ended', target_user_id: user.id, sessions_ended: 1 },
      { ...own, effective_user_id: user.id, action: 'identity_reset', target_user_id: admin.id, sessions_ended: 0 },
      { ...own, action: 'user_blocked', target_user_id: other.id, sessions_ended: 0 },
      { ...key, action: 'user_unblocked', target_user_id: other.id, sessions_ended: 0 },
      { ...own, action: 'password_changed', target_user_id: user.id, sessions_ended: 0 },
      { by: 'reset_link', action: 'password_reset', target_user_id: user.id, sessions_ended: 0 },
      { ...key, action: 'sessions_ended', target_user_id: admin.id, sessions_ended: 1 },
    ];
    expect(lines.map((line) => withoutFrame(JSON.parse(line) as Record<string, unknown>))).toEqual(events);
  });
});

/** Goes through every call of the surface, right and wrong, and keeps the secrets it used and the errors it got. */
class Walk {
  readonly scan = new SecretScan();
  readonly errors: string[] = [];
  readonly api: LoginApi;

  constructor(url: string) {
    this.api = new LoginApi(url);
    this.scan.add(ROOT_KEY);
  }

  async everything(): Promise<void> {
    const user = await this.newUser();
    const admin = await this.newUser({ admin: true });
    const key = await this.api.newKey('auth');
    const weakKey = await this.api.newKey('relays');
    this.scan.add(key, weakKey);
    await this.wrongLogins(user);
    const [lsid, boss] = [await this.logIn(user), await this.logIn(admin)];
    await this.rightCalls(user, admin, lsid, boss, key);
    await this.oddRequests(lsid, boss, key, weakKey);
    await this.passwords(user, boss);
    await this.call('DELETE', `/session/${boss}`, { raw: 'true' });
    await this.oddRequests(boss, lsid, key, weakKey);
  }

  private async wrongLogins({ username, password }: TestUser): Promise<void> {
    const wrong = `a wrong password of ${username}`;
    this.scan.add(wrong);
    for (const json of [
      { password: wrong },
      { passwordHash: wrong },
      { password, passwordHash: wrong },
      { [password]: wrong },
    ]) {
      await this.call('POST', `/authenticate/${username}`, { json });
    }
    await this.call('POST', `/authenticate/${username}`, { raw: `{"password":"${password}"` });
    await this.call('POST', `/authenticate/${username}?password=${encodeURIComponent(password)}`, {
      form: { pass: wrong },
    });
    await this.call('PUT', `/authenticate/${username};password=${encodeURIComponent(password)}`);
    for (let n = 0; n < 10; n += 1) await this.call('POST', `/authenticate/nobody`, { json: { password: wrong } });
  }

  private async rightCalls(user: TestUser, admin: TestUser, lsid: string, boss: string, key: string): Promise<void> {
    const { username } = user;
    await this.call('GET', `/session/${lsid}?apiKey=${key}`);
    await this.call('POST', `/session/${boss}/setEffectiveUser`, { json: user.id });
    await this.call('DELETE', `/session/${boss}/assumedIdentity`);
    await this.call('POST', `/session/${lsid}/setEffectiveOrg`, { json: 'org' });
    const { body } = await this.call('POST', `/session/${lsid}/clone`, { headers: { 'idempotency-key': 'a-clone' } });
    this.scan.add((body as { sessionId: string }).sessionId);
    const minted = await this.call('POST', `/session/${lsid}/token`, { headers: { 'idempotency-key': 'a-token' } });
    this.scan.add((minted.body as { token: string }).token);
    await this.call('GET', `/authenticate/block/${username};lsid=${lsid}`);
    await this.call('POST', `/authenticate/block/${admin.username};lsid=${lsid}`);
    await this.call('DELETE', `/session/user/${admin.id};lsid=${lsid}`);
  }

  /** Secrets where they do not belong, and requests that fail early. */
  private async oddRequests(lsid: string, other: string, key: string, weakKey: string): Promise<void> {
    const percent = [...Buffer.from(lsid)].map((byte) => `%${byte.toString(16)}`).join('');
    const paths = [
      ...[
        `/${lsid}`,
        `/session/${lsid}/nothing`,
        `/session/${lsid};lsid=${other}x`,
        `/session/${lsid}x`,
        `/session/${percent}`,
      ],
      ...[
        `/session/${lsid}?lsid=${lsid}&apiKey=${key}x`,
        `/session/${lsid}?apiKey=${weakKey}`,
        `/session/x;lsid=${lsid}`,
      ],
      ...[
        `/session/${lsid}/../x`,
        `/session/${lsid}%2f`,
        `/session;lsid=${lsid};lsid=${lsid}/x`,
        `/v1/nodes;lsid=${lsid}`,
      ],
      ...[`/session/user/${lsid}`, `/password/${lsid}`, `/v1/keys?apiKey=${key}`, `/authenticate/block/${lsid}`],
    ];
    for (const path of paths) {
      for (const method of ['GET', 'DELETE', 'PATCH'])
        await this.call(method, path, { headers: { authorization: `Bearer ${lsid}` } });
    }
    await this.call('POST', `/session/${lsid}/setEffectiveUser`, { json: { userId: lsid, [lsid]: lsid } });
    await this.call('DELETE', `/session/${lsid}`, { raw: `"${lsid}"` });
    await this.call('POST', `/session/${lsid}/clone`, { headers: { 'idempotency-key': `bad key ${lsid}` } });
  }

  private async passwords(user: TestUser, boss: string): Promise<void> {
    const [first, second] = [`first new password of ${user.id}`, `second new password of ${user.id}`];
    this.scan.add(first, second);
    await this.call('PUT', `/password;lsid=${boss}/${user.id}`, {
      json: { oldPasswordHash: first, newPasswordHash: second },
    });
    await this.call('PUT', `/password;lsid=${boss}/${user.id}`, {
      json: { oldPasswordHash: user.password, newPasswordHash: first },
    });
    await this.call('POST', '/password/reset', {
      json: { userId: user.id, resetUrl: `https://evil.example/${first}` },
    });
    await this.call('POST', '/password/reset', { json: { userId: user.id, resetUrl: PAGE } });
    const token = await resetToken(this.api);
    this.scan.add(token);
    const confirmation = { token, username: user.username, newPasswordHash: second };
    await this.call('POST', '/password/reset/confirm', { json: { ...confirmation, username: 'nobody' } });
    await this.call('POST', '/password/reset/confirm', { json: { ...confirmation, newPasswordHash: 5 } });
    await this.call('POST', '/password/reset/confirm', {
      json: confirmation,
      headers: { 'idempotency-key': 'a-reset' },
    });
    await this.call('POST', '/password/reset/confirm', { form: confirmation });
    await this.call('GET', `/password/reset/confirm?token=${token}`);
  }

  private async newUser(more: Readonly<Record<string, unknown>> = {}): Promise<TestUser> {
    const user = await this.api.newUser(more);
    this.scan.add(user.password);
    return user;
  }

  private async logIn(user: TestUser): Promise<string> {
    const lsid = await this.api.logIn(user);
    this.scan.add(lsid, lsid.slice(lsid.lastIndexOf('_') + 1));
    return lsid;
  }

  private async call(method: string, path: string, options: CallOptions = {}): Promise<LoginAnswer> {
    const answer = await this.api.call(method, path, options);
    if (answer.status >= 400)
      this.errors.push(`${String(answer.status)} ${answer.rawHeaders.join(' ')} ${answer.text}`);
    return answer;
  }
}

/** Of the newest mail. */
async function resetToken(api: LoginApi): Promise<string> {
  let token = '';
  await eventually(async () => {
    const { body } = await api.root.native('GET', '/v1/outbox');
    const [mail] = (body as { mails: readonly { text: string }[] }).mails;
    token = /token=([0-9A-Za-z]{43})/.exec(mail?.text ?? '')?.[1] ?? '';
    return token === '' ? 'no mail' : null;
  });
  return token;
}

async function storeText(prefix: string): Promise<string> {
  const redis = new Redis(inject('redisUrl'));
  try {
    return await redisText(redis, prefix);
  } finally {
    redis.disconnect();
  }
}

function withoutFrame({ level: _level, time: _time, event: _event, node: _node, ...fields }: Record<string, unknown>) {
  return fields;
}
