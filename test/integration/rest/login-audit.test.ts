/** The audit log of the calls of the login surface. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { STORES } from '../../support/both-stores.js';
import { eventually } from '../../support/eventually.js';
import { ROOT_KEY } from '../../support/gateway.js';
import { startGatewayProcess, type GatewayProcess } from '../../support/gateway-process.js';
import { LoginApi, type TestUser } from '../../support/login.js';

const PAGE = 'https://app.example/reset';

describe.each(STORES)('the audit log on $store', ({ redisUrl }) => {
  function start(): Promise<GatewayProcess> {
    const prefix = `sallyport-test-${randomBytes(6).toString('hex')}:`;
    const url = redisUrl();
    return startGatewayProcess({
      SALLYPORT_ENV: 'development',
      SALLYPORT_RESET_URLS: PAGE,
      ...(url === null ? {} : { SALLYPORT_REDIS_URL: url, SALLYPORT_REDIS_PREFIX: prefix }),
    });
  }

  it('LS17 the audit log names who did what to whom, by real and effective user', async () => {
    const gateway = await start();
    const api = new LoginApi(gateway.url);
    const [user, admin] = [await api.newUser(), await api.newUser({ admin: true })];
    const other = await api.newUser();
    const lsid = await api.logIn(admin);
    await api.logIn(user);
    await api.call('POST', `/session/${lsid}/setEffectiveUser`, { json: user.id });
    await api.call('POST', `/session/${lsid}/clone`);
    await api.call('DELETE', `/session/user;lsid=${lsid}/${user.id}`);
    await api.call('DELETE', `/session/${lsid}/assumedIdentity`);
    const others = await api.logIn(user);
    await api.call('POST', `/session/${others}/setEffectiveUser;lsid=${lsid}`, { json: other.id });
    await api.call('DELETE', `/session/${others}/assumedIdentity?apiKey=${ROOT_KEY}`);
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
      session_id: sessionOf(lsid),
    };
    const key = { by: 'api_key', by_key_id: 'root' };
    const events = [
      { ...own, ...of(lsid, admin), action: 'identity_assumed', target_user_id: user.id },
      {
        ...own,
        effective_user_id: user.id,
        ...of(lsid, admin),
        action: 'identity_assumed',
        of_session_id: expect.not.stringContaining(sessionOf(lsid)) as unknown,
        target_user_id: user.id,
      },
      { ...own, effective_user_id: user.id, action: 'sessions_ended', target_user_id: user.id, sessions_ended: 1 },
      {
        ...own,
        effective_user_id: user.id,
        ...of(lsid, admin),
        action: 'identity_reset',
        target_user_id: admin.id,
      },
      { ...own, ...of(others, user), action: 'identity_assumed', target_user_id: other.id },
      { ...key, ...of(others, user), action: 'identity_reset', target_user_id: user.id },
      { ...own, action: 'user_blocked', target_user_id: other.id, sessions_ended: 0 },
      { ...key, action: 'user_unblocked', target_user_id: other.id, sessions_ended: 0 },
      { ...own, action: 'password_changed', target_user_id: user.id, sessions_ended: 1 },
      { by: 'reset_link', action: 'password_reset', target_user_id: user.id, sessions_ended: 0 },
      { ...key, action: 'sessions_ended', target_user_id: admin.id, sessions_ended: 2 },
    ];
    expect(lines.map((line) => withoutFrame(JSON.parse(line) as Record<string, unknown>))).toEqual(events);
  });
});

function sessionOf(lsid: string): string {
  return `sess_${lsid.split('_')[1] ?? ''}`;
}

/** Whose session an event is about. */
function of(lsid: string, user: TestUser) {
  return { of_user_id: user.id, of_session_id: sessionOf(lsid) };
}

/** Returns the token in the newest mail. */
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

function withoutFrame({ level: _level, time: _time, event: _event, node: _node, ...fields }: Record<string, unknown>) {
  return fields;
}
