/** The calls of the directory when its store does not answer, and when they are repeated. */
import { expect, it } from 'vitest';
import { Failure } from '../../../src/protocol/failure.js';
import type { Store } from '../../../src/ports/store.js';
import { ROOT_KEY, startRest } from './harness.js';

const USER = `user_${'0'.repeat(27)}`;
const ORGANIZATION = `org_${'0'.repeat(27)}`;
const SESSION = `sess_${'0'.repeat(27)}`;

const CALLS: readonly { readonly line: string; readonly body?: object }[] = [
  { line: 'POST /v1/users', body: { username: 'alice', password: 'a long password' } },
  { line: 'GET /v1/users' },
  { line: 'GET /v1/users?username=alice' },
  { line: `GET /v1/users/${USER}` },
  { line: `PATCH /v1/users/${USER}`, body: { first_name: 'A' } },
  { line: `DELETE /v1/users/${USER}` },
  { line: `POST /v1/users/${USER}/ban` },
  { line: `POST /v1/users/${USER}/unban` },
  { line: `POST /v1/users/${USER}/sessions/revoke` },
  { line: 'POST /v1/organizations', body: { name: 'Acme' } },
  { line: 'GET /v1/organizations' },
  { line: 'GET /v1/organizations/acme' },
  { line: `PATCH /v1/organizations/${ORGANIZATION}`, body: { name: 'Acme' } },
  { line: `DELETE /v1/organizations/${ORGANIZATION}` },
  { line: `POST /v1/organizations/${ORGANIZATION}/memberships`, body: { user_id: USER } },
  { line: `GET /v1/organizations/${ORGANIZATION}/memberships` },
  { line: `PATCH /v1/organizations/${ORGANIZATION}/memberships/${USER}`, body: { role: 'org:admin' } },
  { line: `DELETE /v1/organizations/${ORGANIZATION}/memberships/${USER}` },
  { line: 'POST /v1/sessions', body: { user_id: USER } },
  { line: 'GET /v1/sessions' },
  { line: `GET /v1/sessions/${SESSION}` },
  { line: `POST /v1/sessions/${SESSION}/revoke` },
  { line: 'POST /v1/sign_in_tokens', body: { user_id: USER } },
  { line: 'POST /v1/jwt_templates', body: { name: 't', claims: {} } },
  { line: 'GET /v1/jwt_templates' },
  { line: 'GET /v1/jwt_templates/t' },
  { line: 'PATCH /v1/jwt_templates/t', body: { lifetime: 60 } },
  { line: 'DELETE /v1/jwt_templates/t' },
];

/** Every call of these stores rejects. */
function away(store: Store): Store {
  const rejecting = <T extends object>(real: T): T =>
    new Proxy(real, { get: () => () => Promise.reject(new Failure('store_unavailable')) });
  const { directory, userSessions, oneTime } = store;
  return {
    ...store,
    directory: rejecting(directory),
    userSessions: rejecting(userSessions),
    oneTime: rejecting(oneTime),
  };
}

it.each(CALLS)('DI16 $line is 503 with Retry-After while the store is unavailable', async ({ line, body }) => {
  const rest = startRest({}, away);
  const { status, headers, json } = await rest.native(line, body);
  expect([status, json.code, headers['Retry-After']]).toEqual([503, 'store_unavailable', '1']);
});

it('DI16 a user that is made again under one Idempotency-Key is made once', async () => {
  const rest = startRest();
  const make = () =>
    rest.send('POST /v1/users', {
      authorization: `Bearer ${ROOT_KEY}`,
      headers: { 'idempotency-key': 'import-1' },
      body: { username: 'alice' },
    });
  const [first, again] = [await make(), await make()];
  expect([first.status, again.status, again.json.id]).toEqual([201, 201, first.json.id]);
  expect((await rest.native('POST /v1/users', { username: 'alice' })).status).toBe(409);
});

it('DI16 nothing new is made while the node drains; what is there is changed and removed', async () => {
  const rest = startRest();
  const { id } = (await rest.native('POST /v1/users', { username: 'alice' })).json;
  rest.draining = true;
  for (const { line, body } of CALLS) {
    const makesNew =
      line.startsWith('POST') && /(users|organizations|sessions|tokens|templates|memberships)$/.test(line);
    const answer = await rest.native(line, body);
    expect([line, answer.json.code === 'draining']).toEqual([line, makesNew]);
  }
  expect((await rest.native(`POST /v1/users/${id}/ban`)).status).toBe(200);
  expect((await rest.native(`DELETE /v1/users/${id}`)).status).toBe(200);
});
