import { expect, it } from 'vitest';
import { Failure } from '../../../src/protocol/failure.js';
import { startRest } from './harness.js';

const LINK = {
  port: 443,
  protocol: 'WSS',
  link: 'wss://relay.example.test:443/v1/connect',
};

it('RS2, RS8 create answers the session, linked, as documented', async () => {
  const rest = startRest();
  const { status, json } = await rest.newSession({
    users: [{ ip: '1.1.1.1' }, { ip: '1.1.1.1' }, { ip: '2001:DB8::0:1' }],
    webhook_url: 'https://hooks.example.test/x',
    whatever: 1,
  });
  expect(status).toBe(200);
  const tokens = json.session_users.map((user) => user.authorization_token);
  expect(new Set(tokens).size).toBe(3);
  for (const token of [...tokens, json['authorization_token']]) expect(token).toBeTypeOf('number');
  const user = (ip_address: string, place: number) => ({
    ip_address,
    latitude: null,
    longitude: null,
    authorization_token: tokens[place],
  });
  expect(json.session_id).toMatch(/^[0-9a-f]{12}-S$/);
  expect(json).toEqual({
    session_id: json.session_id,
    authorization_token: json['authorization_token'],
    status: 'Linked',
    ready: true,
    linked: true,
    error: null,
    session_users: [user('1.1.1.1', 0), user('1.1.1.1', 1), user('2001:db8::1', 2)],
    relay: { ip: '192.0.2.7', host: 'relay.example.test', ports: { server: LINK, client: LINK } },
    webhook_url: 'https://hooks.example.test/x',
  });
});

it('RS2 every option of ours is taken', async () => {
  const rest = startRest();
  const { json } = await rest.newSession({
    metadata: { mode: 'duel' },
    max_users: 2,
    expires_in_s: 60,
    resume_window_ms: 0,
    flush_ms: 5,
    durability: 'redis',
    enforce_ip: true,
    filters: null,
    webhook_url: null,
  });
  const detailed = await rest.native(`PATCH /v1/relays/sessions/${json.session_id}`, { locked: false });
  expect(detailed.json).toMatchObject({
    metadata: { mode: 'duel' },
    max_users: 2,
    resume_window_ms: 0,
    flush_ms: 5,
    durability: 'redis',
    enforce_ip: true,
    expires_at: rest.clock.nowMs() + 60_000,
  });
});

const user = { ip: '1.1.1.1' };
const filter = { field: 'region', values: ['eu'], filter_type: 'any' };
it.each<[object, string]>([
  [{ users: undefined }, 'users: '],
  [{ users: [] }, 'users: 1 at least'],
  [{ users: {} }, 'users: '],
  [{ users: ['1.1.1.1'] }, 'users.0: '],
  [{ users: [{}] }, 'users.0.ip: '],
  [{ users: [{ ip: 1 }] }, 'users.0.ip: '],
  [{ users: [user, { ip: '1.1.1' }] }, 'users.1.ip: not an IPv4 or IPv6 address'],
  [{ users: [{ ip: 'fe80::1%eth0' }] }, 'users.0.ip: not an IPv4 or IPv6 address'],
  [{ users: [{ ...user, port: 1 }] }, 'users.0.?: there is no such member; known are ip'],
  [{ users: [user, user, user], max_users: 2 }, 'users: 2 at most (max_users)'],
  [{ filters: [{ ...filter, values: [] }] }, 'filters.0.values: '],
  [{ filters: [{ ...filter, filter_type: 'none' }] }, 'filters.0.filter_type: '],
  [{ filters: [{ ...filter, field: '' }] }, 'filters.0.field: '],
  [{ filters: Array.from({ length: 17 }, () => filter) }, 'filters: '],
  [{ webhook_url: 'ftp://example.test' }, 'webhook_url: an http or https URL'],
  [{ webhook_url: 'http:example.test' }, 'webhook_url: an http or https URL'],
  [{ webhook_url: 'https://me:pw@example.test' }, 'webhook_url: an http or https URL'],
  [{ webhook_url: `https://example.test/${'x'.repeat(2048)}` }, 'webhook_url: '],
  [{ webhook_url: 'http://example.test/' }, 'webhook_url: refused: '],
  [{ webhook_url: 'https://127.1/' }, 'webhook_url: refused: '],
  [{ join_url: 'ftp://example.test' }, 'join_url: an http or https URL'],
  [{ join_url: 'https://[::ffff:10.0.0.1]/' }, 'join_url: refused: '],
  [{ metadata: [] }, 'metadata: a JSON object'],
  [{ metadata: 'x' }, 'metadata: a JSON object'],
  [{ metadata: { x: 'é'.repeat(2048) } }, 'metadata: 4096 bytes of JSON at most'],
  [{ max_users: 0 }, 'max_users: '],
  [{ max_users: 65_535 }, 'max_users: '],
  [{ max_users: 1.5 }, 'max_users: '],
  [{ max_users: '5' }, 'max_users: '],
  [{ expires_in_s: 0 }, 'expires_in_s: '],
  [{ expires_in_s: 2_592_001 }, 'expires_in_s: '],
  [{ resume_window_ms: -1 }, 'resume_window_ms: '],
  [{ resume_window_ms: 600_001 }, 'resume_window_ms: '],
  [{ flush_ms: 51 }, 'flush_ms: '],
  [{ flush_ms: 'fast' }, "flush_ms: 0 to 50, or 'auto'"],
  [{ durability: 'disk' }, 'durability: '],
  [{ enforce_ip: 1 }, 'enforce_ip: '],
])('RS3 create with %j is 400 and makes nothing', async (body, message) => {
  const rest = startRest();
  const answer = await rest.newSession(body);
  expect(answer.status).toBe(400);
  expect(answer.json.message.startsWith(message), answer.json.message).toBe(true);
  expect((await rest.relay('GET /v1/relays/sessions')).json['total_count']).toBe(0);
});

it.each([[], null, 'x', 1])('RS3 create with the body %j is 400', async (body) => {
  const answer = await startRest().relay('POST /v1/relays/sessions', body);
  expect(answer.status).toBe(400);
});

it('RS8 a session that no node fits is an error; one whose node is gone is initializing again', async () => {
  const rest = startRest();
  const misfit = await rest.newSession({ filters: [filter] });
  expect([misfit.status, misfit.json]).toEqual([
    200,
    expect.objectContaining({ status: 'Error', ready: false, linked: false, relay: null }),
  ]);
  expect(misfit.json['error']).toBeTypeOf('string');
  const { session_id: id } = (await rest.newSession()).json;
  rest.nodeIsKnown = false;
  const orphan = await rest.relay(`GET /v1/relays/sessions/${id}`);
  expect(orphan.json).toMatchObject({ status: 'Initializing', ready: false, linked: false, error: null, relay: null });
});

it.each([
  ['http://127.0.0.1:8080', 'ws://127.0.0.1:8080/v1/connect', 8080, 'WS', '127.0.0.1'],
  ['http://play.test', 'ws://play.test:80/v1/connect', 80, 'WS', 'play.test'],
  ['https://[2001:db8::1]:9443/', 'wss://[2001:db8::1]:9443/v1/connect', 9443, 'WSS', '[2001:db8::1]'],
  ['https://play.test/eu/', 'wss://play.test:443/eu/v1/connect', 443, 'WSS', 'play.test'],
])('RS8 a node at %s is linked at %s', async (publicUrl, link, port, protocol, host) => {
  const rest = startRest();
  rest.node = { ...rest.node, publicUrl };
  const { json } = await rest.newSession();
  expect(json['relay']).toMatchObject({ host, ports: { client: { port, protocol, link } } });
});

it('RS4 lists are paged from 1, newest first, with the whole pagination object', async () => {
  const rest = startRest();
  const ids: string[] = [];
  for (let n = 0; n < 12; n += 1) ids.unshift((await rest.newSession()).json.session_id);
  const page = async (query: string) => (await rest.relay(`GET /v1/relays/sessions${query}`)).json;
  const idsOf = ({ sessions }: Awaited<ReturnType<typeof page>>) => sessions.map((each) => each.session_id);

  const first = await page('');
  expect(idsOf(first)).toEqual(ids.slice(0, 10));
  expect(first).toMatchObject({
    total_count: 12,
    pagination: {
      number: 1,
      next_page_number: 2,
      previous_page_number: null,
      paginator: { num_pages: 2 },
      has_next: true,
      has_previous: false,
    },
  });
  const last = await page('?page=2');
  expect(idsOf(last)).toEqual(ids.slice(10));
  expect(last['pagination']).toEqual({
    number: 2,
    next_page_number: null,
    previous_page_number: 1,
    paginator: { num_pages: 2 },
    has_next: false,
    has_previous: true,
  });
  expect(last.next_cursor).toBeNull();
  const beyond = await page('?page=9&limit=100');
  expect([idsOf(beyond), beyond['pagination']]).toEqual([
    [],
    {
      number: 9,
      next_page_number: null,
      previous_page_number: 8,
      paginator: { num_pages: 1 },
      has_next: false,
      has_previous: true,
    },
  ]);

  const walked = idsOf(await page('?limit=5'));
  let cursor = (await page('?limit=5')).next_cursor;
  while (cursor !== null) {
    const next = await page(`?limit=5&cursor=${encodeURIComponent(cursor)}`);
    walked.push(...idsOf(next));
    cursor = next.next_cursor;
  }
  expect(walked).toEqual(ids);
});

it('RS4 an empty list has one page', async () => {
  const { json } = await startRest().relay('GET /v1/relays/sessions');
  expect(json).toEqual({
    sessions: [],
    total_count: 0,
    pagination: {
      number: 1,
      next_page_number: null,
      previous_page_number: null,
      paginator: { num_pages: 1 },
      has_next: false,
      has_previous: false,
    },
    next_cursor: null,
  });
});

it.each([
  'page=0',
  'page=-1',
  'page=x',
  'page=1.5',
  'page=',
  'limit=0',
  'limit=101',
  'limit=1e1',
  'cursor=',
  'cursor=x',
  'page=1&cursor=x',
])('RS4 a list with %s is 400', async (query) => {
  expect((await startRest().relay(`GET /v1/relays/sessions?${query}`)).status).toBe(400);
});

it('RS5 get and delete: 200 and 204, then 404; 404 for what is no id', async () => {
  const rest = startRest();
  const created = (await rest.newSession()).json;
  const at = `/v1/relays/sessions/${created.session_id}`;
  expect((await rest.relay(`GET ${at}`)).json).toEqual(created);
  const gone = await rest.relay(`DELETE ${at}`);
  expect([gone.status, gone.body]).toEqual([204, undefined]);
  for (const line of [
    `GET ${at}`,
    `DELETE ${at}`,
    'GET /v1/relays/sessions/nonsense',
    'DELETE /v1/relays/sessions/0',
  ]) {
    const answer = await rest.relay(line);
    expect([answer.status, answer.json]).toEqual([404, { message: 'There is no such relay session.' }]);
  }
});

it('RS6 authorize answers the session with the one new user; the same address again is 409', async () => {
  const rest = startRest();
  const { session_users, ...created } = (await rest.newSession({ max_users: 2 })).json;
  const authorize = (user_ip: unknown, session_id: unknown = created.session_id) =>
    rest.relay('POST /v1/relays/sessions:authorize-user', { session_id, user_ip });
  const answer = await authorize('::FFFF:9.9.9.9');
  expect(answer.status).toBe(200);
  const { session_user, ...head } = answer.json;
  expect(head).toEqual(created);
  expect(session_user).toEqual({
    ip_address: '9.9.9.9',
    latitude: null,
    longitude: null,
    authorization_token: expect.any(Number) as number,
  });
  const listed = (await rest.relay(`GET /v1/relays/sessions/${created.session_id}`)).json.session_users;
  expect(listed).toEqual([...session_users, session_user]);
  expect((await authorize('9.9.9.9')).status).toBe(409);
  expect((await authorize('8.8.8.8')).status).toBe(409);
  for (const [ip, id] of [['x'], [undefined], ['8.8.8.8', '000000000000-S'], ['8.8.8.8', 'x'], ['8.8.8.8', null]]) {
    expect((await authorize(ip, id)).status).toBe(400);
  }
});

it('RS7 revoke: 200 with who is left, 204 for the last one and when done before, 404 for unknown', async () => {
  const rest = startRest();
  const created = (await rest.newSession({ users: [{ ip: '1.1.1.1' }, { ip: '2.2.2.2' }] })).json;
  const [first, second] = created.session_users;
  const revoke = (authorization_token: unknown, session_id: unknown = created.session_id) =>
    rest.relay('POST /v1/relays/sessions:revoke-user', { session_id, authorization_token });
  const one = await revoke(first?.authorization_token);
  expect([one.status, one.json]).toEqual([200, { ...created, session_users: [second] }]);
  expect((await revoke(first?.authorization_token)).status).toBe(204);
  const last = await revoke(String(second?.authorization_token));
  expect([last.status, last.body]).toEqual([204, undefined]);
  expect((await rest.relay(`GET /v1/relays/sessions/${created.session_id}`)).json.session_users).toEqual([]);
  expect((await revoke(1)).status).toBe(404);
  expect((await revoke(second?.authorization_token, '000000000000-S')).status).toBe(404);
  for (const token of [0, -1, 1.5, 2 ** 53, '01', '1e3', 'x', '', null, undefined, true]) {
    expect([token, (await revoke(token)).status]).toEqual([token, 400]);
  }
  expect((await revoke(1, 'x')).status).toBe(400);
});

it('RS10 while the store is unavailable every call is 503 with Retry-After', async () => {
  const away = () => Promise.reject(new Failure('store_unavailable', { retryAfterS: 2 }));
  const relay = {
    ...startRest().store.relay,
    create: away,
    get: away,
    list: away,
    end: away,
    authorize: away,
    revoke: away,
  };
  const rest = startRest({}, (store) => ({ ...store, relay }));
  const [session_id, user_ip] = ['0724828881e2-S', '1.1.1.1'];
  for (const [line, body] of [
    ['POST /v1/relays/sessions', { users: [user] }],
    ['GET /v1/relays/sessions'],
    [`GET /v1/relays/sessions/${session_id}`],
    [`DELETE /v1/relays/sessions/${session_id}`],
    ['POST /v1/relays/sessions:authorize-user', { session_id, user_ip }],
    ['POST /v1/relays/sessions:revoke-user', { session_id, authorization_token: 1 }],
  ] as const) {
    const answer = await rest.relay(line, body);
    expect([line, answer.status, Object.keys(answer.json)]).toEqual([line, 503, ['message']]);
    expect(Number(answer.headers['Retry-After'])).toBeGreaterThan(0);
  }
});
