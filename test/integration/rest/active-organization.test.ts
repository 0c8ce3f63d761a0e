/** Removal of a session's active organization, on both stores. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { Client } from '../../support/client.js';
import { ClientApp, codeOf, PASSWORD, payloadOf } from '../../support/client-app.js';
import { freshName, newOrganization, newUser } from '../../support/directory.js';
import { LoginApi } from '../../support/login.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';

describe.each(STORES)('an active organization on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let backend: Backend;

  beforeAll(async () => {
    running = await startGateway({ redisUrl: redisUrl() });
    backend = new Backend(running.url);
  });

  afterAll(() => running.stop());

  it.each([
    ['removed', (at: string) => backend.native('DELETE', at)],
    ['left', (at: string, user: string) => backend.native('DELETE', `${at}/memberships/${user}`)],
  ])('DI17 that is %s is not the active one any more', async (_name, act) => {
    const username = freshName();
    const user = await newUser(backend, { username, password: PASSWORD });
    const organization = await newOrganization(backend);
    const at = `/v1/organizations/${organization}`;
    await backend.native('POST', `${at}/memberships`, { user_id: user, role: 'org:admin' });
    const app = new ClientApp(running.url);
    const session = await app.signIn(username);
    const shown = async (): Promise<unknown> => {
      const { body } = await app.get('/v1/client');
      return (body as { response: { sessions: { last_active_organization_id: unknown }[] } }).response.sessions[0]
        ?.last_active_organization_id;
    };
    await app.post(`/v1/client/sessions/${session}/touch`, { active_organization_id: organization });
    expect([await shown(), payloadOf(await app.jwt(session))['o']]).toMatchObject([organization, { id: organization }]);
    expect((await act(at, user)).status).toBe(204);
    expect([await shown(), payloadOf(await app.jwt(session))['o']]).toEqual([null, undefined]);
    const asked = await app.post(`/v1/client/sessions/${session}/tokens`, { organization_id: organization });
    expect(codeOf(asked)).toEqual([404, 'organization_not_found_or_unauthorized']);
    // A session socket hears of the touch, and of no organization.
    const control = await Client.join(running.socketUrl, await app.jwt(session));
    expect((await app.post(`/v1/client/sessions/${session}/touch`)).status).toBe(200);
    const push = await control.expect('user_session.touched');
    expect(push).toMatchObject({ session: { id: session, last_active_organization_id: null } });
    control.drop();
    const native = await backend.native('GET', `/v1/sessions/${session}`);
    const listed = await backend.native('GET', `/v1/sessions?user_id=${user}`);
    expect([native.body, listed.body.sessions[0]]).toMatchObject([
      { last_active_organization_id: null },
      { last_active_organization_id: null },
    ]);
  });

  it.each([
    ['removed', (at: string) => backend.native('DELETE', at), null],
    // The directory still has it as the home of the user; no session acts in it.
    ['left', (at: string, user: string) => backend.native('DELETE', `${at}/memberships/${user}`), 'kept'],
  ])('LO2 no login session names an organization that is %s', async (_name, act, homeInDirectory) => {
    const api = new LoginApi(running.url);
    const [user, admin] = [await api.newUser(), await api.newUser({ admin: true })];
    const home = await api.newOrganization(user);
    await backend.native('PATCH', `/v1/users/${user.id}`, { home_organization_id: home });
    const [lsid, adminLsid] = [await api.logIn(user), await api.logIn(admin)];
    await api.call('POST', `/session/${adminLsid}/setEffectiveUser`, { json: user.id });
    const views = async (): Promise<unknown[]> => {
      const answers = [await api.call('GET', `/session/${lsid}`), await api.call('GET', `/session/${adminLsid}`)];
      answers.push(
        await api.call('POST', `/session/${lsid}/clone`),
        await api.authenticate(user.username, user.password),
      );
      return answers.map(({ body }) => {
        const { orgId, effectiveOrgId } = body as Record<string, unknown>;
        return [orgId, effectiveOrgId];
      });
    };
    expect(await views()).toEqual([
      [home, home],
      [null, home],
      [home, home],
      [home, home],
    ]);
    expect((await act(`/v1/organizations/${home}`, user.id)).status).toBe(204);
    expect(await views()).toEqual([
      [null, null],
      [null, null],
      [null, null],
      [null, null],
    ]);
    for (const { body } of [
      await api.call('POST', `/session/${lsid}/setEffectiveUser`, { json: user.id }),
      await api.call('DELETE', `/session/${adminLsid}/assumedIdentity`),
    ]) {
      expect(body).toMatchObject({ orgId: null, effectiveOrgId: null });
    }
    const shownHome = homeInDirectory === null ? null : home;
    expect((await backend.native('GET', `/v1/users/${user.id}`)).body.home_organization_id).toBe(shownHome);
    const { body } = await backend.native('GET', `/v1/users?username=${user.username}`);
    expect(body.users).toMatchObject([{ home_organization_id: shownHome }]);
  });

  it('LO2 an admin may act in an organization without being a member, until it is removed', async () => {
    const api = new LoginApi(running.url);
    const admin = await api.newUser({ admin: true });
    const organization = await api.newOrganization();
    const lsid = await api.logIn(admin);
    await api.call('POST', `/session/${lsid}/setEffectiveOrg`, { json: organization });
    const shown = async (): Promise<unknown> => (await api.call('GET', `/session/${lsid}`)).body.effectiveOrgId;
    expect(await shown()).toBe(organization);
    await backend.native('DELETE', `/v1/organizations/${organization}`);
    expect(await shown()).toBeNull();
  });
});
