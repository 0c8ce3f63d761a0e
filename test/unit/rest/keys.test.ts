import { expect, it } from 'vitest';
import { ROOT_KEY, startRest, type Harness } from './harness.js';

const make = (rest: Harness, body: object, key = ROOT_KEY) =>
  rest.send('POST /v1/keys', { authorization: `Bearer ${key}`, body });

it('KY1 a key is shown once, whole, and listed without its secret', async () => {
  const rest = startRest();
  const made = await make(rest, { name: 'backend', scopes: ['sessions', 'relays', 'relays'], project_id: 'game-1' });
  const { secret, ...shown } = made.json;
  expect(made.status).toBe(201);
  expect(secret).toMatch(/^sp_dev_[0-9A-Za-z]{16}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/);
  expect(shown).toEqual({
    id: `key_${secret.split('_')[2] ?? ''}`,
    name: 'backend',
    scopes: ['relays', 'sessions'],
    project_id: 'game-1',
    created_at: rest.clock.nowMs(),
    last_used_at: null,
  });
  const listed = await rest.native('GET /v1/keys');
  expect(listed.json).toEqual({ keys: [shown], next_cursor: null });
  const [, , , secretPart = ''] = secret.split('_');
  expect(JSON.stringify(await rest.store.keys.list('all'))).not.toContain(secretPart);
});

it('KY3 the root key names the project, or starts a new one with each key', async () => {
  const rest = startRest();
  const [a, b] = [
    await make(rest, { name: 'a', scopes: ['relays'] }),
    await make(rest, { name: 'b', scopes: ['relays'] }),
  ];
  expect(a.json.project_id).toMatch(/^prj_[0-9A-Za-z]{16}$/);
  expect(b.json.project_id).not.toBe(a.json.project_id);
});

it('KY3 an admin key makes, sees and removes keys of its own project only, and none that is stronger', async () => {
  const rest = startRest();
  const admin = (await make(rest, { name: 'admin', scopes: ['admin', 'relays'], project_id: 'p1' })).json;
  const other = (await make(rest, { name: 'other', scopes: ['relays'], project_id: 'p2' })).json;
  expect((await make(rest, { name: 'x', scopes: ['relays'] }, admin.secret)).json.project_id).toBe('p1');
  expect((await make(rest, { name: 'y', scopes: ['relays'], project_id: 'p1' }, admin.secret)).status).toBe(201);
  expect((await make(rest, { name: 'z', scopes: ['relays'], project_id: 'p2' }, admin.secret)).status).toBe(403);
  expect((await make(rest, { name: 'z', scopes: ['auth'] }, admin.secret)).status).toBe(403);
  const asAdmin = { authorization: `Bearer ${admin.secret}` };
  const listed = await rest.send('GET /v1/keys', asAdmin);
  expect(listed.json.keys.map(({ name }) => name).toSorted()).toEqual(['admin', 'x', 'y']);
  const remove = await rest.send(`DELETE /v1/keys/${other.id}`, asAdmin);
  expect([remove.status, remove.json.code]).toEqual([404, 'key_not_found']);
});

it('KY4 a removed key is refused at once', async () => {
  const rest = startRest();
  const { id, secret } = (await make(rest, { name: 'k', scopes: ['relays'] })).json;
  const list = () => rest.send('GET /v1/relays/sessions', { authorization: `token ${secret}` });
  expect((await list()).status).toBe(200);
  expect((await rest.native(`DELETE /v1/keys/${id}`)).status).toBe(204);
  expect((await list()).status).toBe(401);
  expect((await rest.native(`DELETE /v1/keys/${id}`)).status).toBe(404);
  expect((await rest.native('DELETE /v1/keys/what')).json.code).toBe('key_not_found');
});

it.each([
  {},
  { name: 'a' },
  { name: '', scopes: ['relays'] },
  { name: 'a'.repeat(129), scopes: ['relays'] },
  { name: 'a', scopes: [] },
  { name: 'a', scopes: ['everything'] },
  { name: 'a', scopes: 'relays' },
  { name: 'a', scopes: ['relays'], project_id: 'no spaces' },
  { name: 'a', scopes: ['relays'], secret: 'mine' },
  [],
  null,
])('KY5 %j makes no key', async (body) => {
  const rest = startRest();
  const answer = await rest.native('POST /v1/keys', body);
  expect([answer.status, answer.json.code]).toEqual([400, 'invalid_request']);
  expect((await rest.native('GET /v1/keys')).json.keys).toEqual([]);
});

it('KY6 keys are listed oldest first, by limit and cursor, each once', async () => {
  const rest = startRest();
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    rest.clock.advance(name === 'c' ? 0 : 1);
    await make(rest, { name, scopes: ['auth'] });
  }
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page = await rest.native(`GET /v1/keys?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
    seen.push(...page.json.keys.map(({ name }) => name));
    cursor = page.json.next_cursor;
  }
  expect(seen.toSorted()).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect([seen[0], seen[4]]).toEqual(['a', 'e']);
  for (const query of ['limit=0', 'limit=1001', 'limit=x', 'cursor=', 'cursor=abc']) {
    expect((await rest.native(`GET /v1/keys?${query}`)).status).toBe(400);
  }
});
