/**
 * Acting as another user, by a backend's ticket with an actor or by a login session's effective user; on both stores.
 */
import { createPublicKey, randomBytes, type JsonWebKey } from 'node:crypto';
import { verifyToken } from '@clerk/backend';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, type Answer } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { Client } from '../../support/client.js';
import { ClientApp, codeOf, payloadOf } from '../../support/client-app.js';
import { expectStatus, freshName, newUser, withKey } from '../../support/directory.js';
import { eventually } from '../../support/eventually.js';
import { startGatewayProcess, type GatewayProcess } from '../../support/gateway-process.js';
import { LoginApi } from '../../support/login.js';

describe.each(STORES)('acting as somebody else on $store', ({ redisUrl }) => {
  let gateway: GatewayProcess;
  let otherNode: () => Promise<GatewayProcess>;
  let root: Backend;
  let backend: Backend;
  let api: LoginApi;

  beforeAll(async () => {
    const url = redisUrl();
    const prefix = `sallyport-test-${randomBytes(6).toString('hex')}:`;
    const env = {
      SALLYPORT_SIGN_IN_ATTEMPTS_PER_ADDRESS: '0',
      SALLYPORT_ISSUER: 'https://auth.example.test',
      ...(url === null ? {} : { SALLYPORT_REDIS_URL: url, SALLYPORT_REDIS_PREFIX: prefix }),
    };
    gateway = await startGatewayProcess(env);
    // On the embedded store there is only one node.
    otherNode = async () => (url === null ? gateway : startGatewayProcess(env));
    root = new Backend(gateway.url);
    backend = await withKey(root, ['sessions']);
    api = new LoginApi(gateway.url);
  });

  afterAll(() => gateway.stop());

  const ticket = (user_id: string, actor?: unknown): Promise<Answer> =>
    backend.native('POST', '/v1/sign_in_tokens', { user_id, ...(actor === undefined ? {} : { actor }) });

  async function redeem(text: string): Promise<{ readonly app: ClientApp; readonly answer: Answer }> {
    const app = new ClientApp(gateway.url, 'native');
    return { app, answer: await app.post('/v1/client/sign_ins', { strategy: 'ticket', ticket: text }) };
  }

  /** A session of the user that the actor opened. */
  async function impersonate(userId: string, actorId: string) {
    const made = expectStatus(await ticket(userId, { sub: actorId }), 201);
    const { app, answer } = await redeem(String(made.body.token));
    const sessionId = String(expectStatus(answer, 200).body.response.created_session_id);
    return { app, made, sessionId, at: `/v1/client/sessions/${sessionId}` };
  }

  const audited = (userId: string): readonly Record<string, unknown>[] =>
    gateway
      .output()
      .split('\n')
      .filter((line) => line.includes('"event":"audit"') && line.includes(userId))
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('AC1 a ticket with an actor opens a session of the user that shows the actor, in its shape and its tokens', async () => {
    const [userId, actorId] = [await newUser(root), await newUser(root)];
    const { app, made, sessionId, at } = await impersonate(userId, actorId);
    expect(made.body).toMatchObject({ user_id: userId, actor: { sub: actorId } });
    const shown = await app.get(at);
    expect(shown.body.response).toMatchObject({ actor: { sub: actorId }, user: { id: userId } });
    expect(shown.body.client.sessions).toMatchObject([{ id: sessionId, actor: { sub: actorId } }]);
    const touched = await app.post(`${at}/touch`);
    for (const jwt of [await app.jwt(sessionId), String(touched.body.response.last_active_token.jwt)]) {
      expect(payloadOf(jwt)).toMatchObject({ sub: userId, sid: sessionId, act: { sub: actorId } });
    }
    const { body } = await root.call('GET', '/.well-known/jwks.json');
    const key = (body as { keys: JsonWebKey[] }).keys.at(-1) ?? {};
    const jwtKey = createPublicKey({ key, format: 'jwk' }).export({ format: 'pem', type: 'spki' }).toString();
    expect(await verifyToken(await app.jwt(sessionId), { jwtKey })).toMatchObject({ act: { sub: actorId } });
    const native = await backend.native('GET', `/v1/sessions/${sessionId}`);
    expect(native.body).toMatchObject({ user_id: userId, effective_user_id: userId, actor_id: actorId });
    const control = await Client.join(gateway.socketUrl, await app.jwt(sessionId));
    control.drop();
  });

  it('AC1 the control: a session of the user itself has neither', async () => {
    const userId = await newUser(root);
    const made = expectStatus(await ticket(userId), 201);
    expect(made.body.actor).toBeNull();
    const { app, answer } = await redeem(String(made.body.token));
    const sessionId = String(answer.body.response.created_session_id);
    expect((await app.get(`/v1/client/sessions/${sessionId}`)).body.response.actor).toBeNull();
    expect(payloadOf(await app.jwt(sessionId))).not.toHaveProperty('act');
    expect(audited(userId)).toEqual([]);
  });

  it('AC2 a token by a template names the actor too, whatever the template says', async () => {
    const [userId, actorId] = [await newUser(root), await newUser(root)];
    const name = freshName();
    const template = { name, claims: { act: { sub: 'nobody' }, level: 1 } };
    expectStatus(await root.native('POST', '/v1/jwt_templates', template), 201);
    const { app, at } = await impersonate(userId, actorId);
    const answer = expectStatus(await app.post(`${at}/tokens/${name}`), 200);
    expect(payloadOf(String(answer.body.jwt))).toMatchObject({ sub: userId, act: { sub: actorId }, level: 1 });
  });

  it('AC3 who may not act: nobody, the user itself, who is banned; and no more of it once the actor is banned', async () => {
    const [userId, actorId] = [await newUser(root), await newUser(root)];
    const nobody = `user_${'0'.repeat(27)}`;
    expect(await ticket(userId, { sub: nobody })).toMatchObject({ status: 404, body: { code: 'user_not_found' } });
    for (const actor of [{ sub: userId }, { sub: 'x' }, {}, null, actorId, { sub: actorId, iss: 'x' }]) {
      expect([actor, (await ticket(userId, actor)).status]).toEqual([actor, 400]);
    }
    const { app, at, sessionId } = await impersonate(userId, actorId);
    const late = expectStatus(await ticket(userId, { sub: actorId }), 201);
    expectStatus(await root.native('POST', `/v1/users/${actorId}/ban`), 200);
    expect(await ticket(userId, { sub: actorId })).toMatchObject({ status: 403, body: { code: 'user_banned' } });
    expect(codeOf((await redeem(String(late.body.token))).answer)).toEqual([403, 'user_banned']);
    for (const path of [`${at}/tokens`, `${at}/touch`]) {
      expect(codeOf(await app.post(path))).toEqual([403, 'user_banned']);
    }
    // The ban has ended the session.
    expectStatus(await root.native('POST', `/v1/users/${actorId}/unban`), 200);
    expect(codeOf(await app.post(`${at}/touch`))).toEqual([401, 'signed_out']);
    expect((await backend.native('GET', `/v1/sessions/${sessionId}`)).body.status).toBe('revoked');
  });

  it('LO1 the ban of the actor closes the sockets of both kinds on every node, and leaves the user', async () => {
    const [userId, actorId] = [await newUser(root), await newUser(root)];
    const { app, sessionId } = await impersonate(userId, actorId);
    const own = await redeem(String(expectStatus(await ticket(userId), 201).body.token));
    const ownId = String(own.answer.body.response.created_session_id);
    const other = await otherNode();
    try {
      const relay = await root.createSession(1);
      const bound = { user_id: userId, user_session_id: sessionId };
      const minted = await root.native('POST', `/v1/relays/sessions/${relay.session_id}/tokens`, bound);
      const member = await Client.join(gateway.socketUrl, String(expectStatus(minted, 200).body.token));
      const sockets = [gateway, other].map(({ socketUrl }) => socketUrl);
      const jwt = await app.jwt(sessionId);
      const acted = await Promise.all(sockets.map((url) => Client.join(url, jwt)));
      const kept = await Client.join(other.socketUrl, await own.app.jwt(ownId));
      const { body } = expectStatus(await root.native('POST', `/v1/users/${actorId}/ban`), 200);
      expect(body.report).toMatchObject({ matched: 1, nodes_timed_out: 0 });
      for (const socket of [...acted, member]) expect((await socket.expectClosed()).code).toBe(4002);
      const again = await root.call('GET', '/v1/connect', undefined, { authorization: `Bearer ${jwt}` });
      expect([again.status, again.body.code]).toEqual([403, 'credential_revoked']);
      await kept.settle();
      kept.drop();
    } finally {
      if (other !== gateway) await other.stop();
    }
  });

  it('AC4 the audit log names the real user, whom it acts as, and the key that allowed it', async () => {
    const [userId, actorId] = [await newUser(root), await newUser(root)];
    const before = await root.native('GET', `/v1/users/${userId}`);
    const { sessionId } = await impersonate(userId, actorId);
    await eventually(() => (audited(userId).length >= 2 ? null : 'not in the output yet'));
    expect(audited(userId)).toMatchObject([
      {
        action: 'impersonation_allowed',
        by: 'api_key',
        by_key_id: expect.any(String) as unknown,
        actor_user_id: actorId,
        target_user_id: userId,
      },
      {
        action: 'identity_assumed',
        by: 'user',
        by_user_id: actorId,
        effective_user_id: userId,
        session_id: sessionId,
        target_user_id: userId,
      },
    ]);
    // It was not the user who signed in.
    const after = await root.native('GET', `/v1/users/${userId}`);
    expect(after.body.last_sign_in_at).toBe(before.body.last_sign_in_at);
  });

  it('AC5 a login session has session tokens: of its user, and with an effective user of that one, naming the real one', async () => {
    const [admin, user] = [await api.newUser({ admin: true }), await api.newUser()];
    const lsid = await api.logIn(admin);
    const token = async (): Promise<string> => {
      const answer = await api.call('POST', `/session/${lsid}/token`);
      expect([answer.status, Object.keys(answer.body as object)]).toEqual([200, ['token']]);
      return (answer.body as { token: string }).token;
    };
    const own = await token();
    expect(payloadOf(own)).toMatchObject({ sub: admin.id, sid: `sess_${lsid.split('_')[1] ?? ''}`, sts: 'active' });
    expect(payloadOf(own)).not.toHaveProperty('act');
    await api.call('POST', `/session/${lsid}/setEffectiveUser`, { json: user.id });
    const assumed = await token();
    expect(payloadOf(assumed)).toMatchObject({ sub: user.id, act: { sub: admin.id } });
    const control = await Client.join(gateway.socketUrl, assumed);
    await control.settle();
    expect(control.controls[0]).toMatchObject({ type: 'welcome', you: { user_id: user.id } });
    // Tokens of the other identity are dead at once, after the change there and after the change back.
    const ask = (jwt: string) => root.call('GET', '/v1/connect', undefined, { authorization: `Bearer ${jwt}` });
    expect(await ask(own)).toMatchObject({ status: 403, body: { code: 'user_session_over' } });
    await api.call('DELETE', `/session/${lsid}/assumedIdentity`);
    expect(await ask(assumed)).toMatchObject({ status: 403, body: { code: 'user_session_over' } });
    expect((await ask(own)).status).toBe(426);
    await eventually(() => (audited(user.id).length >= 2 ? null : 'not in the output yet'));
    expect(audited(user.id)).toMatchObject([
      { action: 'identity_assumed', by_user_id: admin.id, effective_user_id: admin.id, target_user_id: user.id },
      { action: 'identity_reset', by_user_id: admin.id, effective_user_id: user.id, target_user_id: admin.id },
    ]);
    control.drop();
  });

  it('AC6 with its effective user gone or barred a login session has no token; its end closes what it opened', async () => {
    const [admin, user] = [await api.newUser({ admin: true }), await api.newUser()];
    const lsid = await api.logIn(admin);
    await api.call('POST', `/session/${lsid}/setEffectiveUser`, { json: user.id });
    const { body } = await api.call('POST', `/session/${lsid}/token`);
    const control = await Client.join(gateway.socketUrl, (body as { token: string }).token);
    await root.native('POST', `/v1/users/${user.id}/ban`);
    const barred = await api.call('POST', `/session/${lsid}/token`);
    expect([barred.status, barred.body]).toEqual([404, { error: 'user_not_found', message: 'There is no such user.' }]);
    await api.call('DELETE', `/session/${lsid}`);
    expect((await control.expectClosed()).code).toBe(4007);
  });
});
