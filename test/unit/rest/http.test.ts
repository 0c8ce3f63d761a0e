import { expect, it } from 'vitest';
import { ERRORS, type ErrorCode } from '../../../src/protocol/errors.js';
import { Failure } from '../../../src/protocol/failure.js';
import { CLIENT_SURFACE } from '../../../src/rest/client/surface.js';
import { errorBody, errorHeaders, errorStatus } from '../../../src/rest/error-response.js';
import { GROUP_SURFACE } from '../../../src/rest/group/surface.js';
import { LOGIN_SURFACE } from '../../../src/rest/login/surface.js';
import { NATIVE_SURFACE } from '../../../src/rest/native/surface.js';
import { RELAYS_SURFACE } from '../../../src/rest/relays/surface.js';
import type { Surface } from '../../../src/rest/surface.js';
import { MAX_BODY_BYTES, parsed, ROOT_KEY, startRest } from './harness.js';

const token = `token ${ROOT_KEY}`;
const bearer = `Bearer ${ROOT_KEY}`;

it('HT1 every answer carries the request id and is not stored', async () => {
  const rest = startRest();
  const answers = await Promise.all([
    rest.send('GET /healthz'),
    rest.send('GET /nowhere'),
    rest.send('PUT /healthz'),
    rest.send('GET /v1/keys'),
    rest.native('GET /metrics'),
    rest.relay('DELETE /v1/relays/sessions/0724828881e2-S'),
  ]);
  for (const [place, answer] of answers.entries()) {
    expect(answer.headers).toMatchObject({ 'X-Request-Id': `request-${place + 1}`, 'Cache-Control': 'no-store' });
  }
});

it('HT2 matrix parameters do not change where a request goes', async () => {
  const rest = startRest();
  const created = await rest.relay('POST /v1;x=1/relays/sessions;y=2', { users: [{ ip: '1.1.1.1' }] });
  expect(created.status).toBe(200);
  const got = await rest.relay(`GET /v1/relays/sessions/${created.json.session_id};a=%2F`);
  expect(got.json).toEqual(created.json);
});

it('HT4 what could be read in two ways is 404', async () => {
  const rest = startRest();
  for (const path of ['/v1%2fkeys', '/v1/keys/', '//v1/keys', '/v1/x/../keys', '/v1/keys/%00', '/v1/keys/%']) {
    const answer = await rest.native(`GET ${path}`);
    expect([path, answer.status, answer.json.code]).toEqual([path, 404, 'unknown_path']);
  }
});

it('HT5 an unknown path is 404 in the native shape, another method 405 with Allow in the shape of the surface', async () => {
  const rest = startRest();
  const unknown = await rest.send('GET /v1/relays/nothing');
  expect([unknown.status, unknown.json]).toEqual([404, { code: 'unknown_path', message: ERRORS.unknown_path.message }]);
  const relays = await rest.send('PUT /v1/relays/sessions');
  expect([relays.status, relays.headers['Allow']]).toEqual([405, 'GET, HEAD, POST']);
  expect(relays.json).toEqual({ message: ERRORS.method_not_allowed.message });
  const native = await rest.send('POST /v1/nodes');
  expect([native.status, native.headers['Allow'], native.json.code]).toEqual([405, 'GET, HEAD', 'method_not_allowed']);
});

it('HT6 a body over the limit is 413 in the shape of the path and reaches no handler', async () => {
  const rest = startRest();
  const raw = new Uint8Array(MAX_BODY_BYTES + 1).fill(0x20);
  const relays = await rest.send('POST /v1/relays/sessions', { authorization: token, raw });
  expect([relays.status, relays.json]).toEqual([413, { message: ERRORS.body_too_large.message }]);
  const native = await rest.send('POST /v1/keys', { authorization: bearer, raw });
  expect([native.status, native.json.code]).toEqual([413, 'body_too_large']);
});

it('HT6, HT8 what the server itself refuses has the shape of the path', () => {
  const rest = startRest();
  const head = { id: 'r', method: 'POST', query: '', headers: new Map(), remoteAddress: '127.0.0.1' };
  const refuse = (path: string, failure: Failure) => parsed(rest.rest.refuse({ ...head, path }, failure));
  expect(refuse('/v1/relays/sessions', new Failure('body_too_large'))).toMatchObject({
    status: 413,
    headers: { 'X-Request-Id': 'r' },
    json: { message: ERRORS.body_too_large.message },
  });
  const late = refuse('/nowhere', new Failure('deadline_exceeded', { retryAfterS: 1 }));
  expect([late.status, late.headers['Retry-After'], late.json.code]).toEqual([503, '1', 'deadline_exceeded']);
  expect(refuse('/healthz', new Failure('ambiguous_request')).headers['Allow']).toBeUndefined();
});

it.each([
  ['nothing', ''],
  ['half an object', '{"users":'],
  ['two values', '{} {}'],
  ['a byte order mark', '\uFEFF{}'],
  ['broken UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
  ['65 levels', `${'['.repeat(65)}${']'.repeat(65)}`],
  ['half a body of brackets', '['.repeat(MAX_BODY_BYTES)],
])('HT7 a body of %s is 400', async (_name, raw) => {
  const rest = startRest();
  const native = await rest.send('POST /v1/keys', { authorization: bearer, raw });
  expect([native.status, native.json.code]).toEqual([400, 'malformed_json']);
  const relays = await rest.send('POST /v1/relays/sessions', { authorization: token, raw });
  expect([relays.status, Object.keys(relays.json)]).toEqual([400, ['message']]);
});

it('HT7 brackets in strings are no levels, and 64 levels are fine', async () => {
  const rest = startRest();
  const metadata = { text: '[{"\\'.repeat(60), deep: JSON.parse('['.repeat(61) + ']'.repeat(61)) as unknown };
  expect((await rest.newSession({ metadata })).status).toBe(200);
});

it('HT8 each surface has its own error body', () => {
  const failure = new Failure('invalid_request', { message: 'no', details: [1] });
  const bodies: Record<Surface['name'], unknown> = {
    relays: { message: 'no' },
    native: { code: 'invalid_request', message: 'no', details: [1] },
    client: {
      errors: [{ message: 'no', long_message: 'no', code: 'invalid_request', meta: {} }],
      clerk_trace_id: 'r1',
    },
    login: { error: 'invalid_request', message: 'no' },
    group: { code: 'invalid_request', message: 'no' },
  };
  const surfaces: readonly Surface[] = [RELAYS_SURFACE, NATIVE_SURFACE, CLIENT_SURFACE, LOGIN_SURFACE, GROUP_SURFACE];
  for (const surface of surfaces) {
    expect(errorBody(surface, failure, 'r1')).toEqual(bodies[surface.name]);
    expect(errorStatus(surface, 'invalid_request')).toBe(['group', 'client'].includes(surface.name) ? 422 : 400);
  }
});

it('HT9 401 names the carrier, 429 and 503 say when to come back, 426 what to upgrade to', () => {
  const headers = (surface: Surface, code: ErrorCode, retryAfterS?: number) =>
    errorHeaders(surface, new Failure(code, retryAfterS === undefined ? {} : { retryAfterS }));
  expect(headers(RELAYS_SURFACE, 'unauthorized')).toEqual({ 'WWW-Authenticate': 'token realm="sallyport"' });
  expect(headers(NATIVE_SURFACE, 'credential_invalid')).toEqual({ 'WWW-Authenticate': 'Bearer realm="sallyport"' });
  expect(headers(NATIVE_SURFACE, 'store_unavailable')).toEqual({ 'Retry-After': '1' });
  expect(headers(NATIVE_SURFACE, 'too_many_requests', 2.2)).toEqual({ 'Retry-After': '3' });
  expect(headers(NATIVE_SURFACE, 'idempotency_in_progress')).toEqual({ 'Retry-After': '1' });
  expect(headers(NATIVE_SURFACE, 'upgrade_required')).toEqual({ Upgrade: 'websocket' });
  expect(headers(NATIVE_SURFACE, 'session_not_found')).toEqual({});
});

it('HT10 what has no name is 500, logged with its cause and not shown', async () => {
  const cause = new Error('the secret of the store');
  const rest = startRest({
    health: () => {
      throw cause;
    },
  });
  const answer = await rest.send('GET /readyz');
  expect([answer.status, answer.json]).toEqual([500, { code: 'internal', message: ERRORS.internal.message }]);
  expect(rest.logged).toEqual([
    { event: 'request_failed', cause, fields: { request_id: 'request-1', route: 'GET /readyz' } },
  ]);
});

it('HT10 not even the words of an internal failure of ours are shown', async () => {
  const rest = startRest({
    gatekeeper: { examine: () => Promise.reject(new Failure('internal', { message: 'id taken' })) },
  });
  expect((await rest.send('GET /v1/connect')).body).not.toContain('taken');
  expect(rest.logged).toHaveLength(1);
});

it('HT15 what is wrong is named by its member, never by its value', async () => {
  const rest = startRest();
  const relays = await rest.newSession({ users: [{ ip: '1.1.1.256' }] });
  expect(relays.json).toEqual({ message: 'users.0.ip: not an IPv4 or IPv6 address' });
  const native = await rest.native('POST /v1/keys', { name: '', scopes: ['hush'], 'odd name!': 1 });
  expect(native.json.code).toBe('invalid_request');
  expect(native.json.details.map(({ path }) => path).toSorted()).toEqual(['?', 'name', 'scopes.0']);
  expect(native.body).not.toContain('hush');
});

it('HT15 a member whose name has digits is named', async () => {
  const rest = startRest();
  const { json } = await rest.newSession();
  const sent = { class: 'volatile', payload_base64: '?' };
  const answer = await rest.native(`POST /v1/relays/sessions/${json.session_id}/messages`, sent);
  expect(answer.json.message).toBe('payload_base64: not base64 (standard alphabet, padded)');
});

it('HT15 a member of no known name is not named itself, but those that are known', async () => {
  const rest = startRest();
  const { json, body } = await rest.native('POST /v1/keys', { name: 'n', scopes: ['auth'], hunter2: 1, hunter3: 2 });
  expect(json.details).toEqual([{ path: '?', message: 'there is no such member; known are name, scopes, project_id' }]);
  expect(body).not.toContain('hunter');
});

it('HT15 a parameter of the query that comes twice is refused', async () => {
  const rest = startRest();
  expect((await rest.relay('GET /v1/relays/sessions?page=1&page=2')).status).toBe(400);
});

it('HT16 a node that shuts down makes nothing new, and still ends what is there', async () => {
  const rest = startRest();
  const { session_id: id } = (await rest.newSession()).json;
  rest.draining = true;
  const refused = await rest.newSession();
  expect([refused.status, refused.headers['Retry-After'], refused.json]).toEqual([
    503,
    '1',
    { message: ERRORS.draining.message },
  ]);
  expect((await rest.native('POST /v1/keys', { name: 'a', scopes: ['auth'] })).json.code).toBe('draining');
  expect((await rest.native(`POST /v1/relays/sessions/${id}/tokens`, { user_id: 'a' })).json.code).toBe('draining');
  expect((await rest.relay(`DELETE /v1/relays/sessions/${id}`)).status).toBe(204);
});

it('HT17 answers are counted by pattern, never by path', async () => {
  const rest = startRest();
  await rest.relay('GET /v1/relays/sessions/0724828881e2-S');
  await rest.send('GET /some/secret');
  await rest.send('PUT /v1/keys/key_0123456789abcdef');
  expect(rest.answered).toEqual([
    ['GET /v1/relays/sessions/{session_id}', 404],
    ['unknown', 404],
    ['/v1/keys/{id}', 405],
  ]);
});
