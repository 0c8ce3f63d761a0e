/** New passwords whose sessions did not end because the store failed in between, on both stores. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/protocol/failure.js';
import { STORES } from '../../support/both-stores.js';
import { eventually } from '../../support/eventually.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';
import { LoginApi, type LoginAnswer, type TestUser } from '../../support/login.js';
import { wrapStore } from '../../support/wrap-store.js';

const PAGE = 'https://app.example/reset';
const NEW = 'another password';

describe.each(STORES)('a password change that breaks off on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let api: LoginApi;
  /** How many of the next calls that end all sessions of a user fail. */
  let failing = 0;

  beforeAll(async () => {
    running = await startGateway({
      redisUrl: redisUrl(),
      env: {
        SALLYPORT_ENV: 'development',
        SALLYPORT_RESET_URLS: PAGE,
        SALLYPORT_SIGN_IN_ATTEMPTS_PER_ADDRESS: '0',
      },
      wrapStore: wrapStore({
        userSessions: (real) => ({
          finishAllOf: async (...args) => {
            if (failing === 0) return real.finishAllOf(...args);
            failing -= 1;
            throw new Failure('store_unavailable');
          },
        }),
      }),
    });
    api = new LoginApi(running.url);
  });

  afterAll(() => running.stop());

  const change = (lsid: string, { id }: TestUser, json: object): Promise<LoginAnswer> =>
    api.call('PUT', `/password;lsid=${lsid}/${id}`, { json });

  async function resetTokenFor(user: TestUser): Promise<string> {
    await api.call('POST', '/password/reset', { json: { userId: user.id, resetUrl: PAGE } });
    let token = '';
    await eventually(async () => {
      const { body } = await api.root.native('GET', '/v1/outbox');
      const mails = (body as { mails: { to: string; text: string }[] }).mails.filter(({ to }) => to === user.email);
      token = /token=([0-9A-Za-z]{43})/.exec(mails[0]?.text ?? '')?.[1] ?? '';
      return token === '' ? 'no mail' : null;
    });
    return token;
  }

  it('LO4 the same change again, with the old password, ends the sessions that should have ended', async () => {
    const user = await api.newUser();
    const [mine, other] = [await api.logIn(user), await api.logIn(user)];
    const json = { oldPasswordHash: user.password, newPasswordHash: NEW };
    failing = 1;
    expect((await change(mine, user, json)).status).toBe(503);
    expect(await api.isAlive(other)).toBe(true);
    // With another new password it is no repeat, and the old one is no longer right.
    expect((await change(mine, user, { ...json, newPasswordHash: 'a third password' })).status).toBe(404);
    expect((await api.authenticate(user.username, user.password)).status).toBe(401);
    expect((await change(mine, user, json)).status).toBe(200);
    expect([await api.isAlive(mine), await api.isAlive(other)]).toEqual([true, false]);
    expect((await change(mine, user, json)).status).toBe(404);
    expect((await api.authenticate(user.username, NEW)).status).toBe(200);
  });

  it('LO4 so does a change with the new password as the old one, and one by an admin', async () => {
    const [user, admin] = [await api.newUser(), await api.newUser({ admin: true })];
    const [mine, theirs] = [await api.logIn(user), await api.logIn(admin)];
    for (const again of [
      [mine, { oldPasswordHash: NEW, newPasswordHash: NEW }],
      [theirs, { adminPasswordHash: admin.password, newPasswordHash: NEW }],
    ] as const) {
      const other = await api.anotherSession(mine);
      failing = 1;
      await change(theirs, user, { adminPasswordHash: admin.password, newPasswordHash: NEW });
      expect(await api.isAlive(other)).toBe(true);
      expect((await change(...([again[0], user, again[1]] as const))).status).toBe(200);
      expect(await api.isAlive(other)).toBe(false);
    }
  });

  it('LO4 the same reset again, with its token, ends them too; then the token is used up', async () => {
    const user = await api.newUser();
    const session = await api.logIn(user);
    const json = { token: await resetTokenFor(user), username: user.username, newPasswordHash: NEW };
    const confirm = (more: object = {}) => api.call('POST', '/password/reset/confirm', { json: { ...json, ...more } });
    failing = 1;
    expect((await confirm()).status).toBe(503);
    expect(await api.isAlive(session)).toBe(true);
    const stranger = await api.newUser();
    for (const wrong of [
      { newPasswordHash: 'a third password' },
      { username: stranger.username },
      { token: 'x'.repeat(43) },
    ]) {
      expect((await confirm(wrong)).status).toBe(400);
    }
    expect(await api.isAlive(session)).toBe(true);
    expect((await confirm()).status).toBe(200);
    expect(await api.isAlive(session)).toBe(false);
    expect((await confirm()).status).toBe(400);
    expect((await api.authenticate(user.username, NEW)).status).toBe(200);
  });

  it('LO4 the same PATCH again ends them, also that of a former admin', async () => {
    const user = await api.newUser({ admin: true });
    for (const body of [{ password: NEW }, { admin: false }]) {
      const session = await api.logIn('password' in body ? user : { ...user, password: NEW });
      failing = 1;
      const patch = () => api.root.native('PATCH', `/v1/users/${user.id}`, body);
      expect((await patch()).status).toBe(503);
      expect(await api.isAlive(session)).toBe(true);
      expect(await patch()).toMatchObject({ status: 200, body: { report: { matched: 1 } } });
      expect(await api.isAlive(session)).toBe(false);
    }
  });
});
