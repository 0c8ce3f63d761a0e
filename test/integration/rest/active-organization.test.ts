/** Removal of a session's active organization, on both stores. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { ClientApp, codeOf, PASSWORD, payloadOf } from '../../support/client-app.js';
import { freshName, newOrganization, newUser } from '../../support/directory.js';
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
    expect((await app.post(`/v1/client/sessions/${session}/touch`)).status).toBe(200);
  });
});
