/** The sessions of a client over HTTP, every row of the table and every error of it, on both stores. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { ClientApp, codeOf, PASSWORD, payloadOf } from '../../support/client-app.js';
import { expectStatus, freshName, newOrganization, newUser, newUserSession } from '../../support/directory.js';
import { eventually } from '../../support/eventually.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';

const UNKNOWN = `sess_${'0'.repeat(27)}`;

describe.each(STORES)('client sessions on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let backend: Backend;

  beforeAll(async () => {
    running = await startGateway({ redisUrl: redisUrl(), env: { SALLYPORT_SIGN_IN_ATTEMPTS_PER_ADDRESS: '0' } });
    backend = new Backend(running.url);
  });

  afterAll(() => running.stop());

  /** A client with a signed-in user. */
  async function signedIn(more: Readonly<Record<string, unknown>> = {}) {
    const username = freshName();
    const userId = await newUser(backend, { username, password: PASSWORD, ...more });
    const app = new ClientApp(running.url);
    const sessionId = await app.signIn(username);
    return { app, username, userId, sessionId, at: `/v1/client/sessions/${sessionId}` };
  }

  async function join(organizationId: string, userId: string, more: Readonly<Record<string, unknown>> = {}) {
    const answer = await backend.native('POST', `/v1/organizations/${organizationId}/memberships`, {
      user_id: userId,
      ...more,
    });
    expect(answer.status).toBe(201);
  }

  it('CS1 GET answers with the session and the client, each with all its members', async () => {
    const { app, username, userId, sessionId, at } = await signedIn({
      email: `${freshName()}@example.test`,
      first_name: 'Ada',
    });
    const { status, body } = await app.get(at);
    expect(status).toBe(200);
    expect(Object.keys(body as object)).toEqual(['response', 'client']);
    expect(body.response).toMatchObject({
      object: 'session',
      id: sessionId,
      status: 'active',
      last_active_token: null,
      actor: null,
      tasks: null,
      last_active_organization_id: null,
      factor_verification_age: [0, -1],
      user: { object: 'user', id: userId, username, first_name: 'Ada', password_enabled: true, banned: false },
      public_user_data: { user_id: userId, first_name: 'Ada', last_name: null },
    });
    expect(Object.keys(body.response as object).toSorted()).toEqual(
      [
        ...[
          'id',
          'object',
          'status',
          'expire_at',
          'abandon_at',
          'last_active_at',
          'last_active_token',
          'actor',
          'tasks',
        ],
        ...['last_active_organization_id', 'factor_verification_age', 'user', 'public_user_data', 'created_at'],
        'updated_at',
      ].toSorted(),
    );
    expect(Object.keys(body.client as object).toSorted()).toEqual(
      [
        ...['id', 'object', 'sessions', 'sign_in', 'sign_up', 'last_active_session_id', 'last_authentication_strategy'],
        ...['cookie_expires_at', 'captcha_bypass', 'created_at', 'updated_at'],
      ].toSorted(),
    );
    expect(body.client).toMatchObject({ last_active_session_id: sessionId, last_authentication_strategy: 'password' });
    expect(body.client.sessions).toEqual([body.response]);
    expect(body.client.id).toMatch(/^client_[0-9A-Za-z]{27}$/);
    expect(JSON.stringify(body)).not.toMatch(/argon2|private_metadata/);
    expect(body.response.expire_at - body.response.created_at).toBe(7 * 24 * 3_600_000);
  });

  it('CS2 touch makes it the active session, slides its activity and answers with a fresh token', async () => {
    const { app, username, sessionId, at } = await signedIn();
    const other = await app.signIn(username);
    const before = await app.get(at);
    expect(before.body.client.last_active_session_id).toBe(other);
    const { last_active_at: activeAt, abandon_at: abandonAt } = before.body.response;
    await eventually(() => (Date.now() > activeAt ? null : 'the same millisecond'));
    const { status, body } = await app.post(`${at}/touch`, { active_organization_id: '', intent: 'focus' });
    expect(status).toBe(200);
    expect(body.client.last_active_session_id).toBe(sessionId);
    expect(body.response.last_active_at).toBeGreaterThan(activeAt as number);
    expect(body.response.abandon_at - abandonAt).toBe(body.response.last_active_at - activeAt);
    expect((await app.get(at)).body.response.last_active_at).toBe(body.response.last_active_at);
    expect(body.response.last_active_token.object).toBe('token');
    expect(payloadOf(body.response.last_active_token.jwt as string)).toMatchObject({ sid: sessionId, sts: 'active' });
    expect(body.client.sessions.map((session: { id: string }) => session.id)).toEqual([sessionId, other]);
    expect(body.client.sessions[0].last_active_token).toEqual(body.response.last_active_token);
    expect(body.client.sessions[1].last_active_token).toBeNull();
  });

  it('CS3 touch sets the organization by id or slug, takes it away by the empty text, and leaves it when absent', async () => {
    const { app, userId, at } = await signedIn();
    const slug = freshName();
    const organizationId = await newOrganization(backend, { slug });
    await join(organizationId, userId, { role: 'org:admin', permissions: ['org:rooms:open', 'org:rooms:close'] });
    const touched = async (form?: Record<string, string>): Promise<readonly unknown[]> => {
      const { body } = await app.post(`${at}/touch`, form);
      const { o } = payloadOf(body.response.last_active_token.jwt as string);
      const active: unknown = body.response.last_active_organization_id;
      return [active, o];
    };
    const claim = { id: organizationId, slg: slug, rol: 'admin', per: 'rooms:open,rooms:close' };
    expect(await touched({ active_organization_id: slug })).toEqual([organizationId, claim]);
    expect(await touched()).toEqual([organizationId, claim]);
    expect(await touched({ active_organization_id: '' })).toEqual([null, undefined]);
    expect(await touched({ active_organization_id: organizationId })).toEqual([organizationId, claim]);
    const json = await app.call('POST', `${at}/touch`, { json: { active_organization_id: null } });
    expect(json.body.response.last_active_organization_id).toBeNull();
  });

  it('CS3 an organization that is not there, or not the user’s, is one 404; nothing has changed then', async () => {
    const { app, at } = await signedIn();
    const foreign = await newOrganization(backend);
    for (const id of [foreign, `org_${'0'.repeat(27)}`, 'no-such-slug']) {
      const answer = await app.post(`${at}/touch`, { active_organization_id: id });
      expect(codeOf(answer)).toEqual([404, 'organization_not_found_or_unauthorized']);
    }
    expect((await app.get(at)).body.response.last_active_organization_id).toBeNull();
  });

  it('CS4 end marks the session ended; it stays listed, and ends once', async () => {
    const { app, sessionId, at } = await signedIn();
    const { status, body } = await app.post(`${at}/end`);
    expect([status, body.response.status, body.client.last_active_session_id]).toEqual([200, 'ended', null]);
    expect(body.client.sessions.map((session: { id: string }) => session.id)).toEqual([sessionId]);
    expect((await app.get(at)).body.response.status).toBe('ended');
    expect(codeOf(await app.post(`${at}/end`))).toEqual([400, 'invalid_action_for_session']);
    expect(codeOf(await app.post(`${at}/touch`))).toEqual([400, 'invalid_action_for_session']);
    expect(codeOf(await app.post(`${at}/tokens`))).toEqual([401, 'signed_out']);
  });

  it('CS5 remove takes the session, over or not, from the client, once', async () => {
    const { app, username, at } = await signedIn();
    const other = await app.signIn(username);
    await app.post(`/v1/client/sessions/${other}/end`);
    const { status, body } = await app.post(`${at}/remove`);
    expect([status, body.response.status]).toEqual([200, 'removed']);
    expect(body.client.sessions.map((session: { id: string }) => session.id)).toEqual([other]);
    expect(codeOf(await app.get(at))).toEqual([404, 'resource_not_found']);
    for (const action of ['touch', 'end', 'remove']) {
      expect(codeOf(await app.post(`${at}/${action}`))).toEqual([400, 'invalid_action_for_session']);
    }
    expect(codeOf(await app.post(`${at}/tokens`))).toEqual([404, 'resource_not_found']);
    const ended = await app.post(`/v1/client/sessions/${other}/remove`);
    expect([ended.status, ended.body.response.status, ended.body.client.sessions]).toEqual([200, 'removed', []]);
  });

  it('CS6 a session that time or a backend ended is signed out: 401', async () => {
    const { app, sessionId, at } = await signedIn();
    expect((await backend.native('POST', `/v1/sessions/${sessionId}/revoke`)).status).toBe(200);
    expect((await app.get(at)).body.response.status).toBe('revoked');
    expect(codeOf(await app.post(`${at}/touch`))).toEqual([401, 'signed_out']);
    expect(codeOf(await app.post(`${at}/tokens`))).toEqual([401, 'signed_out']);
    expect(codeOf(await app.post(`${at}/tokens/any`))).toEqual([401, 'signed_out']);
    expect(codeOf(await app.post(`${at}/end`))).toEqual([400, 'invalid_action_for_session']);
  });

  it('CS6 a session whose user is gone is signed out: 401', async () => {
    const { app, userId, at } = await signedIn();
    expectStatus(await backend.native('DELETE', `/v1/users/${userId}`), 200);
    for (const action of ['touch', 'tokens', 'tokens/any']) {
      expect(codeOf(await app.post(`${at}/${action}`))).toEqual([401, 'signed_out']);
    }
    const seen = (await app.get(at)).body.response;
    expect([seen.status, seen.user, seen.public_user_data]).toEqual(['revoked', null, null]);
  });

  it('CS7 a blocked user is 403 for touch and tokens, and a session of before stays over when it is not any more', async () => {
    const { app, username, at } = await signedIn();
    const block = `/authenticate/block/${username}?apiKey=${backend.key}`;
    expectStatus(await backend.call('POST', block), 200);
    for (const action of ['touch', 'tokens', 'tokens/any']) {
      expect(codeOf(await app.post(`${at}/${action}`))).toEqual([403, 'user_banned']);
    }
    expectStatus(await backend.call('DELETE', block), 200);
    for (const action of ['touch', 'tokens']) {
      expect(codeOf(await app.post(`${at}/${action}`))).toEqual([401, 'signed_out']);
    }
  });

  it('CS7 a banned user is 403 for touch and tokens', async () => {
    const { app, userId, at } = await signedIn();
    expect((await backend.native('POST', `/v1/users/${userId}/ban`)).status).toBe(200);
    for (const action of ['touch', 'tokens', 'tokens/any']) {
      expect(codeOf(await app.post(`${at}/${action}`))).toEqual([403, 'user_banned']);
    }
    expect((await app.get(at)).body.response.status).toBe('revoked');
  });

  it('CS8 what is not there is 404; another client’s session is not there, and only touch says that it is not authorized', async () => {
    const { app } = await signedIn();
    const { at: foreign, app: owner } = await signedIn();
    const backendSession = await newUserSession(backend, await newUser(backend));
    for (const at of [
      `/v1/client/sessions/${UNKNOWN}`,
      '/v1/client/sessions/nonsense',
      foreign,
      `/v1/client/sessions/${backendSession}`,
    ]) {
      const isForeign = at === foreign || at.endsWith(backendSession);
      expect([at, codeOf(await app.get(at))]).toEqual([at, [404, 'resource_not_found']]);
      for (const action of ['end', 'remove', 'tokens', 'tokens/any']) {
        expect([action, codeOf(await app.post(`${at}/${action}`))]).toEqual([action, [404, 'resource_not_found']]);
      }
      const touched = isForeign ? [401, 'action_for_session_not_authorized'] : [404, 'resource_not_found'];
      expect(codeOf(await app.post(`${at}/touch`))).toEqual(touched);
    }
    expect((await owner.get(foreign)).body.response.status).toBe('active');
  });

  it('CS9 without a client every call is 401 with one body', async () => {
    const { sessionId } = await signedIn();
    const at = `/v1/client/sessions/${sessionId}`;
    const lines = [`GET ${at}`, 'GET /v1/client', 'DELETE /v1/client/sessions'];
    for (const action of ['touch', 'end', 'remove', 'tokens', 'tokens/x']) lines.push(`POST ${at}/${action}`);
    for (const line of lines) {
      const [method = '', path = ''] = line.split(' ');
      const answer = await new ClientApp(running.url).call(method, path);
      expect([line, codeOf(answer)]).toEqual([line, [401, 'authentication_invalid']]);
      expect(Object.keys(answer.body as object)).toEqual(['errors', 'clerk_trace_id']);
      expect(answer.body.errors).toEqual([
        {
          message: answer.body.errors[0].message,
          long_message: answer.body.errors[0].message,
          code: 'authentication_invalid',
          meta: {},
        },
      ]);
    }
  });

  it('CS10 GET of the client shows all its sessions; DELETE signs out of them all', async () => {
    const { app, username, sessionId } = await signedIn();
    const second = await app.signIn(username);
    const { body } = await app.get('/v1/client');
    expect(body.response).toEqual(body.client);
    expect(body.response.sessions.map((session: { id: string }) => session.id)).toEqual([sessionId, second]);
    const cleared = await app.call('DELETE', '/v1/client/sessions');
    expect([cleared.status, cleared.body.response.sessions, cleared.body.response.last_active_session_id]).toEqual([
      200,
      [],
      null,
    ]);
    expect((await app.get('/v1/client')).body.response.sessions).toEqual([]);
    for (const id of [sessionId, second]) {
      expect((await backend.native('GET', `/v1/sessions/${id}`)).body.status).toBe('removed');
    }
  });

  it('CS11 _method in the query of a POST, or in its form, stands for the method', async () => {
    const { app, at } = await signedIn();
    for (const answer of [
      await app.post(`${at}?_method=GET`),
      await app.post(at, { _method: 'get' }),
      await app.post(`${at}?_method=GET`, { _method: 'DELETE' }),
    ]) {
      expect(answer.body.response.status).toBe('active');
    }
    const bare = await app.call('POST', '/v1;x=y/client/sessions', { form: { _method: 'DELETE' } });
    expect([bare.status, bare.body.response.sessions]).toEqual([200, []]);
    // Beside other members it is not one of the call's.
    const next = await signedIn();
    const touched = await next.app.post(`${next.at}/touch`, { _method: 'POST', intent: 'focus' });
    expect(touched.status).toBe(200);
    const cleared = await next.app.post('/v1/client/sessions?_method=DELETE');
    expect([cleared.status, cleared.body.response.sessions]).toEqual([200, []]);
  });

  it.each(['PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'FETCH', '', 'GET DELETE', '%00', '__proto__'])(
    'CS11 _method=%s where the path does not take it is 405, and nothing is done',
    async (method) => {
      const { app, at } = await signedIn();
      const answers = [
        await app.post(`${at}?_method=${encodeURIComponent(method)}`),
        await app.post(at, { _method: method }),
        await app.post(`${at}?_method=GET&_method=GET`),
      ];
      for (const answer of answers) {
        expect([codeOf(answer), answer.headers.get('allow')]).toEqual([[405, 'method_not_allowed'], 'GET, HEAD']);
      }
      expect((await app.get(at)).body.response.status).toBe('active');
    },
  );

  it('CS11 _method counts in a form only, and on these paths only', async () => {
    const { app, userId } = await signedIn();
    const json = await app.call('POST', '/v1/client/sessions', { json: { _method: 'DELETE' } });
    expect(codeOf(json)).toEqual([405, 'method_not_allowed']);
    const native = await backend.native('POST', `/v1/users/${userId}?_method=DELETE`, '_method=DELETE', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(native.status).toBe(405);
    expect((await backend.native('GET', `/v1/users/${userId}`)).status).toBe(200);
  });

  it('CS12 a body of another shape is 422, and broken JSON 400', async () => {
    const { app, at } = await signedIn();
    const long = await app.post(`${at}/touch`, { active_organization_id: 'x'.repeat(200) });
    expect(codeOf(long)).toEqual([422, 'invalid_request']);
    for (const intent of [7, '', 'other', 'Focus', 'select_session ', null]) {
      expect(codeOf(await app.call('POST', `${at}/touch`, { json: { intent } }))).toEqual([422, 'invalid_request']);
    }
    const broken = await app.backend.call('POST', `${at}/touch`, '{', {
      cookie: `__client=${app.token ?? ''}`,
      'content-type': 'application/json',
    });
    expect(codeOf(broken)).toEqual([400, 'malformed_json']);
  });

  it('CS13 a repeated call with its Idempotency-Key gets the same answer', async () => {
    const { app, at } = await signedIn();
    const key = { 'idempotency-key': freshName() };
    const first = await app.post(`${at}/end`, undefined, key);
    const again = await app.post(`${at}/end`, undefined, key);
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
  });

  it('CS14 a session that is not touched is abandoned, one whose life is over has expired', async () => {
    const env = { SALLYPORT_USER_SESSION_TTL_S: '6', SALLYPORT_USER_SESSION_INACTIVITY_S: '3' };
    const short = await startGateway({ redisUrl: redisUrl(), env });
    try {
      const username = freshName();
      await newUser(new Backend(short.url), { username, password: PASSWORD });
      const app = new ClientApp(short.url);
      const left = `/v1/client/sessions/${await app.signIn(username)}`;
      const kept = `/v1/client/sessions/${await app.signIn(username)}`;
      const status = async (at: string): Promise<string> => String((await app.get(at)).body.response.status);
      await eventually(
        async () => {
          await app.post(`${kept}/touch`);
          return (await status(kept)) === 'expired' ? null : await status(kept);
        },
        60_000,
        200,
      );
      expect(await status(left)).toBe('abandoned');
      for (const at of [left, kept]) expect(codeOf(await app.post(`${at}/touch`))).toEqual([401, 'signed_out']);
    } finally {
      await short.stop();
    }
  });
});
