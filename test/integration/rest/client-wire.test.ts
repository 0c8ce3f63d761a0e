/** The client surface as any program may call it: paths, methods, forms, keys for repeats, error bodies; on both stores. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, type Answer } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { ClientApp, codeOf, PASSWORD } from '../../support/client-app.js';
import { expectStatus, freshName, newOrganization, newUser } from '../../support/directory.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';

const FORM = 'application/x-www-form-urlencoded';

describe.each(STORES)('the client surface on the wire, on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let backend: Backend;

  beforeAll(async () => {
    running = await startGateway({ redisUrl: redisUrl(), env: { SALLYPORT_SIGN_IN_ATTEMPTS_PER_ADDRESS: '0' } });
    backend = new Backend(running.url);
  });

  afterAll(() => running.stop());

  async function signedIn() {
    const username = freshName();
    const userId = await newUser(backend, { username, password: PASSWORD });
    const app = new ClientApp(running.url);
    const sessionId = await app.signIn(username);
    return { app, username, userId, sessionId, at: `/v1/client/sessions/${sessionId}` };
  }

  /** A body as it is, with a type or none. */
  function send(app: ClientApp, path: string, body: string | Uint8Array<ArrayBuffer>, type: string): Promise<Response> {
    return fetch(running.url + path, {
      method: 'POST',
      headers: { cookie: `__client=${app.token ?? ''}`, 'content-type': type },
      body,
    });
  }

  const calls = (at: string): readonly string[] => [
    `GET ${at}`,
    'GET /v1/client',
    'DELETE /v1/client/sessions',
    ...['touch', 'end', 'remove', 'tokens', 'tokens/x'].map((action) => `POST ${at}/${action}`),
  ];

  it('HT2 matrix parameters are taken out of every segment', async () => {
    const { app, sessionId } = await signedIn();
    const path = `/v1;a=b/client;c/sessions;x=%2F/${sessionId};y=1/touch;z=2`;
    expect((await app.post(path)).body.response.id).toBe(sessionId);
    expect((await app.get('/v1;a=b/client;c=d')).body.response.sessions).toHaveLength(1);
    expect((await backend.call('GET', '/.well-known;a=b/jwks.json;c')).status).toBe(200);
  });

  it('CS11 _method counts wherever the path leads to a client call, however it is written', async () => {
    const { app, sessionId } = await signedIn();
    for (const path of [`/v1;a=b/client/sessions/${sessionId};c`, `/v1/%63lient/sessions/${sessionId}`]) {
      const answer = await app.post(`${path}?_method=get`);
      expect([path, answer.status]).toEqual([path, 200]);
      expect([path, codeOf(await app.post(path))]).toEqual([path, [405, 'method_not_allowed']]);
    }
    const elsewhere = await backend.native('POST', '/v1/clients?_method=DELETE');
    expect(codeOf(elsewhere)).toEqual([404, null]);
    const key = await backend.native('POST', '/v1/keys/nobody?_method=DELETE');
    expect(key.status).toBe(405);
  });

  it('HT5 another method is 405 with Allow in the shape of the surface, an unknown path 404 in the native one', async () => {
    const { app, at } = await signedIn();
    const allowed: Record<string, string> = {
      [at]: 'GET, HEAD',
      '/v1/client': 'GET, HEAD',
      '/v1/client/sessions': 'DELETE',
      '/v1/client/sign_ins': 'POST',
      [`${at}/touch`]: 'POST',
      [`${at}/end`]: 'POST',
      [`${at}/remove`]: 'POST',
      [`${at}/tokens`]: 'POST',
      [`${at}/tokens/x`]: 'POST',
      '/.well-known/jwks.json': 'GET, HEAD',
    };
    for (const [path, allow] of Object.entries(allowed)) {
      const answer = await app.call('PUT', path);
      expect([path, codeOf(answer)]).toEqual([path, [405, 'method_not_allowed']]);
      expect([path, answer.headers.get('allow')]).toEqual([path, allow]);
    }
    for (const path of ['/v1/client/nothing', `${at}/nothing`, '/v1/client/', '/v1/client/sessions/a/tokens/b/c']) {
      const answer = await app.post(path);
      expect([path, answer.status, answer.body.code]).toEqual([path, 404, 'unknown_path']);
    }
  });

  it('HT6 a body over the limit is 413 in the shape of the surface', async () => {
    const { app, at } = await signedIn();
    for (const path of [`${at}/touch`, `${at}/end`, '/v1/client/sign_ins']) {
      const answer = await app.post(path, { intent: 'x'.repeat(65_536) });
      expect([path, codeOf(answer)]).toEqual([path, [413, 'body_too_large']]);
    }
    expect((await app.get(at)).body.response.status).toBe('active');
  });

  it('HT1 every answer names its request, and so does the body of an error', async () => {
    const { app, at } = await signedIn();
    const ids = new Set<string>();
    for (const line of calls(at)) {
      const [method = '', path = ''] = line.split(' ');
      const good = await app.call(method, path);
      const refused = await new ClientApp(running.url).call(method, path);
      expect(refused.body.clerk_trace_id).toBe(refused.headers.get('x-request-id'));
      for (const { headers } of [good, refused]) ids.add(headers.get('x-request-id') ?? '');
    }
    expect(ids.size).toBe(2 * calls(at).length);
  });

  it('CS12 each member that is out of shape is an error of its own, named by meta', async () => {
    const form = { strategy: 'password', identifier: '', password: '' };
    const { status, body } = await new ClientApp(running.url).post('/v1/client/sign_ins', form);
    const errors = body.errors as readonly { message: string; long_message: string; meta: { param_name: string } }[];
    expect(status).toBe(422);
    expect(errors.map(({ meta }) => meta)).toEqual([{ param_name: 'identifier' }, { param_name: 'password' }]);
    for (const error of errors) {
      expect(error).toMatchObject({
        code: 'invalid_request',
        long_message: `${error.meta.param_name}: ${error.message}`,
      });
    }
    const list = await new ClientApp(running.url).call('POST', '/v1/client/sign_ins', { json: [] });
    expect(list.body.errors).toEqual([expect.objectContaining({ code: 'invalid_request', meta: {} })]);
  });

  it('CS29 a form is decoded once, `+` as a space; a member that comes twice or is no UTF-8 is 422', async () => {
    const username = freshName();
    const password = 'a +b&c=d%20é';
    await newUser(backend, { username, email: `${username}+x@example.test`, password });
    const app = new ClientApp(running.url);
    const form = `strategy=password&identifier=${username}%2Bx%40example.test&password=a+%2Bb%26c%3Dd%2520%C3%A9`;
    expect((await send(app, '/v1/client/sign_ins', form, `${FORM}; charset=UTF-8`)).status).toBe(200);
    expect((await send(app, '/v1/client/sign_ins', `${form}&password=x`, FORM)).status).toBe(422);
    const { app: other, at } = await signedIn();
    expect((await send(other, `${at}/touch`, 'active_organization_id=&active_organization_id=', FORM)).status).toBe(
      422,
    );
    expect((await send(other, `${at}/touch`, new Uint8Array([0x61, 0x3d, 0xff]), FORM)).status).toBe(422);
  });

  it('CS29 members and parameters that nobody knows are left alone', async () => {
    const { app, at } = await signedIn();
    const query = '?_clerk_js_version=5&__clerk_api_version=2025-04-10&x=1&x=2';
    expect((await app.post(`${at}/touch${query}`, { unknown: 'x' })).status).toBe(200);
    expect((await app.get(`/v1/client${query}`)).status).toBe(200);
    expect((await app.call('POST', `${at}/tokens`, { json: { unknown: 1 } })).status).toBe(200);
  });

  it.each([
    ['text/plain;charset=UTF-8', 'form'],
    ['text/plain', 'json'],
    ['application/x-www-form-urlencoded', 'json'],
    ['application/json; charset=utf-8', 'json'],
  ] as const)('CS29 a body as %s is read as %s', async (type, form) => {
    const { app, userId, at } = await signedIn();
    const id = await newOrganization(backend);
    expectStatus(await backend.native('POST', `/v1/organizations/${id}/memberships`, { user_id: userId }), 201);
    const member = form === 'form' ? `active_organization_id=${id}` : JSON.stringify({ active_organization_id: id });
    const touched = (await (await send(app, `${at}/touch`, member, type)).json()) as Answer['body'];
    expect(touched.response.last_active_organization_id).toBe(id);
  });

  it('CS29 a body of another type is not guessed at', async () => {
    const { app, at } = await signedIn();
    for (const type of ['multipart/form-data; boundary=x', 'application/octet-stream', 'application/json']) {
      expect([type, (await send(app, `${at}/touch`, 'active_organization_id=x', type)).status]).toEqual([type, 400]);
    }
  });

  it('CS13 every changing call takes an Idempotency-Key: the same answer for the same body, 409 for another', async () => {
    const { app, at } = await signedIn();
    const name = freshName();
    expectStatus(await backend.native('POST', '/v1/jwt_templates', { name, claims: {} }), 201);
    const lines = [`POST ${at}/touch`, `POST ${at}/tokens`, `POST ${at}/tokens/${name}`, `POST ${at}/end`];
    lines.push(`POST ${at}/remove`, 'DELETE /v1/client/sessions');
    for (const line of lines) {
      const [method = '', path = ''] = line.split(' ');
      const headers = { 'idempotency-key': freshName() };
      const first = await app.call(method, path, { headers });
      const again = await app.call(method, path, { headers });
      expect([line, first.status, again.status]).toEqual([line, 200, 200]);
      expect([line, again.body, again.headers.get('idempotent-replayed')]).toEqual([line, first.body, 'true']);
      const other = await app.call(method, path, { headers, form: { intent: 'other' } });
      expect([line, codeOf(other)]).toEqual([line, [409, 'idempotency_conflict']]);
    }
    const form = { strategy: 'password', identifier: freshName(), password: 'x' };
    const headers = { 'idempotency-key': freshName() };
    expect(codeOf(await app.post('/v1/client/sign_ins', form, headers))[0]).toBe(422);
    const other = await app.post('/v1/client/sign_ins', { ...form, password: 'y' }, headers);
    expect(codeOf(other)).toEqual([409, 'idempotency_conflict']);
  });

  it('CS13 a key counts for its client', async () => {
    const headers = { 'idempotency-key': freshName() };
    const [one, two] = [await signedIn(), await signedIn()];
    const answers = [one, two].map(({ app }) => app.call('DELETE', '/v1/client/sessions', { headers }));
    const ids = (await Promise.all(answers)).map(({ body }) => body.client.id as string);
    expect(new Set(ids).size).toBe(2);
  });
});
