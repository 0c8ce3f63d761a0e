import { expect, it } from 'vitest';
import { Failure } from '../../../src/protocol/failure.js';
import type { Store } from '../../../src/ports/store.js';
import { ROOT_KEY, startRest, type Answer, type Harness } from './harness.js';

const DAY_MS = 24 * 60 * 60 * 1000;

function create(rest: Harness, key: string, options: { body?: object; authorization?: string } = {}): Promise<Answer> {
  const { body = { users: [{ ip: '1.1.1.1' }] }, authorization = `token ${ROOT_KEY}` } = options;
  return rest.send('POST /v1/relays/sessions', { authorization, body, headers: { 'idempotency-key': key } });
}

const sessionCount = async (rest: Harness) => (await rest.relay('GET /v1/relays/sessions')).json['total_count'];

it('HT11 the same key and body get the same answer for a day, and one session', async () => {
  const rest = startRest();
  const first = await create(rest, 'a');
  rest.clock.advance(1000);
  const second = await create(rest, 'a');
  expect(second.json).toEqual(first.json);
  expect([first.headers['Idempotent-Replayed'], second.headers['Idempotent-Replayed']]).toEqual([undefined, 'true']);
  expect([first.headers['X-Request-Id'], second.headers['X-Request-Id']]).toEqual(['request-1', 'request-2']);
  expect(await sessionCount(rest)).toBe(1);
  rest.clock.advance(DAY_MS);
  expect((await create(rest, 'a')).json.session_id).not.toBe(first.json.session_id);
});

it('HT11 refusals and empty answers are kept as well', async () => {
  const rest = startRest();
  const bad = await create(rest, 'a', { body: { users: [] } });
  expect(bad.status).toBe(400);
  expect((await create(rest, 'a', { body: { users: [] } })).headers['Idempotent-Replayed']).toBe('true');
  const { session_id: id } = (await create(rest, 'b')).json;
  const options = { authorization: `token ${ROOT_KEY}`, headers: { 'idempotency-key': 'c' } };
  const gone = [await rest.send(`DELETE /v1/relays/sessions/${id}`, options)];
  gone.push(await rest.send(`DELETE /v1/relays/sessions/${id}`, options));
  expect(gone.map(({ status, body }) => [status, body])).toEqual([
    [204, undefined],
    [204, undefined],
  ]);
});

it('HT12 the same key with another body is 409 and changes nothing', async () => {
  const rest = startRest();
  await create(rest, 'a');
  const other = await create(rest, 'a', { body: { users: [{ ip: '2.2.2.2' }] } });
  expect(other.status).toBe(409);
  expect(await sessionCount(rest)).toBe(1);
});

it('HT12 while the first is running the second is 409 with Retry-After', async () => {
  const release: (() => void)[] = [];
  const rest = startRest({}, (store) => held(store, release));
  const first = create(rest, 'a');
  await expect.poll(() => release.length).toBe(1);
  const second = await create(rest, 'a');
  expect([second.status, second.headers['Retry-After']]).toEqual([409, '1']);
  release[0]?.();
  expect((await first).status).toBe(200);
  expect((await create(rest, 'a')).json).toEqual((await first).json);
});

it('HT13 a key counts for its caller, method and path', async () => {
  const rest = startRest();
  const { secret } = (await rest.native('POST /v1/keys', { name: 'k', scopes: ['relays'] })).json;
  const ids = [
    (await create(rest, 'a')).json.session_id,
    (await create(rest, 'a', { authorization: `token ${secret}` })).json.session_id,
  ];
  expect(new Set(ids).size).toBe(2);
  const authorize = await rest.send('POST /v1/relays/sessions:authorize-user', {
    authorization: `token ${ROOT_KEY}`,
    headers: { 'idempotency-key': 'a' },
    body: { session_id: ids[0], user_ip: '9.9.9.9' },
  });
  expect(authorize.status).toBe(200);
});

it.each([
  ['store_unavailable', 503],
  ['too_many_requests', 429],
] as const)('HT13 %s is not kept, and who may not call uses no key up', async (code, status) => {
  let failing = true;
  const rest = startRest({}, (store) => ({
    ...store,
    relay: {
      ...store.relay,
      create: (...call) => (failing ? Promise.reject(new Failure(code)) : store.relay.create(...call)),
    },
  }));
  expect((await create(rest, 'a', { authorization: 'token nobody' })).status).toBe(401);
  const refused = await create(rest, 'a');
  expect([refused.status, refused.headers['Retry-After']]).toEqual([status, '1']);
  failing = false;
  expect((await create(rest, 'a')).status).toBe(200);
});

it('HT13 who was told to wait may come again with the same key', async () => {
  let busy = true;
  const rest = startRest({}, (store) => ({
    ...store,
    relay: {
      ...store.relay,
      create: (...call) => (busy ? Promise.reject(new Failure('too_many_requests')) : store.relay.create(...call)),
    },
  }));
  expect((await create(rest, 'a')).status).toBe(429);
  busy = false;
  const made = await create(rest, 'a');
  expect([made.status, (await create(rest, 'a')).json]).toEqual([200, made.json]);
});

it('HT13 an answer that cannot be kept is given all the same, and logged', async () => {
  const rest = startRest({}, (store) => ({
    ...store,
    idempotency: { ...store.idempotency, finish: () => Promise.reject(new Failure('store_unavailable')) },
  }));
  expect((await create(rest, 'a')).status).toBe(200);
  expect(rest.logged.map(({ event }) => event)).toEqual(['idempotency_not_kept']);
});

it.each(['', ' ', 'a b', 'é', 'x'.repeat(256)])('HT14 the key %j is 400', async (key) => {
  const rest = startRest();
  expect((await create(rest, key)).json.message).toMatch(/^Idempotency-Key: /);
  expect(await sessionCount(rest)).toBe(0);
});

/** Each create waits until it is released. */
function held(store: Store, release: (() => void)[]): Store {
  const create: Store['relay']['create'] = async (...call) => {
    await new Promise<void>((resolve) => release.push(resolve));
    return store.relay.create(...call);
  };
  return { ...store, relay: { ...store.relay, create } };
}
