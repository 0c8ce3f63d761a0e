import { expect, it } from 'vitest';
import { SCOPES, type Scope } from '../../../src/ports/key-store.js';
import { ROOT_KEY, startRest, type Harness } from './harness.js';

async function keyWith(rest: Harness, scopes: readonly Scope[], projectId?: string): Promise<string> {
  const made = await rest.native('POST /v1/keys', { name: 'k', scopes, project_id: projectId });
  return made.json.secret;
}

const wrong = (key: string): readonly (string | undefined)[] => [
  ...[undefined, '', 'token', 'token ', key, `tokens ${key}`, `token ${key} x`, `token ${key}x`, `token "${key}"`],
  ...[`token ${key}, token ${key}`, `Basic ${Buffer.from(key).toString('base64')}`, `token\t${key}`, `xtoken ${key}`],
];

it('RS1 the relay surface takes the word token and the key, in any case of the word, and nothing else', async () => {
  const rest = startRest();
  const key = await keyWith(rest, ['relays']);
  for (const authorization of [...wrong(key), `Bearer ${key}`, `Bearer ${ROOT_KEY}`]) {
    const options = authorization === undefined ? {} : { authorization };
    const answer = await rest.send('GET /v1/relays/sessions', options);
    expect([authorization, answer.status, Object.keys(answer.json)]).toEqual([authorization, 401, ['message']]);
    expect(answer.headers['WWW-Authenticate']).toMatch(/^token /);
  }
  for (const authorization of [`token ${key}`, `Token ${key}`, `TOKEN  ${key}`, `token ${ROOT_KEY}`]) {
    expect((await rest.send('GET /v1/relays/sessions', { authorization })).status).toBe(200);
  }
});

it('NA1 the native surface takes a bearer key and nothing else', async () => {
  const rest = startRest();
  const key = await keyWith(rest, ['admin']);
  const bad = wrong(key).map((each) => each?.replace('token', 'Bearer'));
  for (const authorization of [...bad, `token ${key}`, `token ${ROOT_KEY}`]) {
    const answer = await rest.send('GET /v1/keys', authorization === undefined ? {} : { authorization });
    expect([authorization, answer.status, answer.json.code]).toEqual([authorization, 401, 'unauthorized']);
    expect(answer.headers['WWW-Authenticate']).toMatch(/^Bearer /);
  }
  for (const authorization of [`Bearer ${key}`, `bearer ${key}`, `Bearer ${ROOT_KEY}`]) {
    expect((await rest.send('GET /v1/keys', { authorization })).status).toBe(200);
  }
});

const CALLS: readonly (readonly [string, 'token' | 'Bearer', Scope])[] = [
  ['POST /v1/relays/sessions', 'token', 'relays'],
  ['GET /v1/relays/sessions', 'token', 'relays'],
  ['GET /v1/relays/sessions/0724828881e2-S', 'token', 'relays'],
  ['DELETE /v1/relays/sessions/0724828881e2-S', 'token', 'relays'],
  ['POST /v1/relays/sessions:authorize-user', 'token', 'relays'],
  ['POST /v1/relays/sessions:revoke-user', 'token', 'relays'],
  ['PATCH /v1/relays/sessions/0724828881e2-S', 'Bearer', 'relays'],
  ['GET /v1/relays/sessions/0724828881e2-S/members', 'Bearer', 'relays'],
  ['POST /v1/relays/sessions/0724828881e2-S/kick', 'Bearer', 'relays'],
  ['POST /v1/relays/sessions/0724828881e2-S/messages', 'Bearer', 'relays'],
  ['POST /v1/relays/sessions/0724828881e2-S/tokens', 'Bearer', 'relays'],
  ['GET /v1/nodes', 'Bearer', 'admin'],
  ['GET /v1/presence/users/u', 'Bearer', 'relays'],
  ['POST /v1/presence/users:batch-get', 'Bearer', 'relays'],
  ['POST /v1/keys', 'Bearer', 'admin'],
  ['GET /v1/keys', 'Bearer', 'admin'],
  ['DELETE /v1/keys/key_0123456789abcdef', 'Bearer', 'admin'],
];

it.each(CALLS)('RS1, NA1 %s with `%s` needs the scope %s', async (line, scheme, scope) => {
  const rest = startRest();
  expect((await rest.send(line)).status).toBe(401);
  const others = SCOPES.filter((each) => each !== scope);
  const weak = await rest.send(line, { authorization: `${scheme} ${await keyWith(rest, others)}` });
  expect(weak.status).toBe(403);
  const good = await rest.send(line, { authorization: `${scheme} ${await keyWith(rest, [scope])}` });
  expect([401, 403]).not.toContain(good.status);
});

it.each(['/', '/healthz', '/readyz', '/metrics', '/openapi.json'])('NA8, NA9 %s needs no key', async (path) => {
  expect((await startRest().send(`GET ${path}`)).status).toBe(200);
});

it('RS5 a session of another project is not there, for every call; the root key sees all', async () => {
  const rest = startRest();
  const [mine, theirs] = [await keyWith(rest, ['relays']), await keyWith(rest, ['relays'])];
  const send = (key: string, line: string, body?: unknown, scheme = 'token') =>
    rest.send(line, { authorization: `${scheme} ${key}`, body });
  const { json } = await send(mine, 'POST /v1/relays/sessions', { users: [{ ip: '1.1.1.1' }] });
  const id = json.session_id;
  const token = json.session_users[0]?.authorization_token;
  const at = `/v1/relays/sessions/${id}`;
  expect((await send(theirs, `GET ${at}`)).status).toBe(404);
  expect((await send(theirs, `DELETE ${at}`)).status).toBe(404);
  const authorize = { session_id: id, user_ip: '2.2.2.2' };
  expect((await send(theirs, 'POST /v1/relays/sessions:authorize-user', authorize)).status).toBe(400);
  const revoke = { session_id: id, authorization_token: token };
  expect((await send(theirs, 'POST /v1/relays/sessions:revoke-user', revoke)).status).toBe(404);
  expect((await send(theirs, `PATCH ${at}`, { locked: true }, 'Bearer')).status).toBe(404);
  expect((await send(theirs, `POST ${at}/kick`, { index: 0 }, 'Bearer')).status).toBe(404);
  expect((await send(theirs, `POST ${at}/tokens`, { user_id: 'u' }, 'Bearer')).status).toBe(404);
  expect((await send(theirs, 'GET /v1/relays/sessions')).json['total_count']).toBe(0);
  expect((await send(mine, `GET ${at}`)).json).toEqual(json);
  expect((await rest.relay(`GET ${at}`)).json).toEqual(json);
  expect((await rest.relay('GET /v1/relays/sessions')).json['total_count']).toBe(1);
});
