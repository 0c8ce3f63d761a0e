/** Every row of the relay surface over real HTTP, with every status that can be provoked, on both stores. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/protocol/failure.js';
import type { Store } from '../../../src/ports/store.js';
import { Backend, pairOf, type Answer } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { Client, type Refused } from '../../support/client.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';

const SESSIONS = '/v1/relays/sessions';
const AUTHORIZE = `${SESSIONS}:authorize-user`;
const REVOKE = `${SESSIONS}:revoke-user`;
const NOBODY = '000000000000-S';

interface Row {
  readonly row: string;
  /** The call, on a session of two users. */
  readonly ask: (session: Created) => readonly [method: string, path: string, body?: unknown];
}

interface Created {
  readonly session_id: string;
  readonly session_users: readonly { readonly authorization_token: number }[];
}

const ROWS: readonly Row[] = [
  { row: 'create', ask: () => ['POST', SESSIONS, { users: [{ ip: '1.2.3.4' }] }] },
  { row: 'list', ask: () => ['GET', SESSIONS] },
  { row: 'get', ask: ({ session_id }) => ['GET', `${SESSIONS}/${session_id}`] },
  { row: 'delete', ask: ({ session_id }) => ['DELETE', `${SESSIONS}/${session_id}`] },
  { row: 'authorize', ask: ({ session_id }) => ['POST', AUTHORIZE, { session_id, user_ip: '9.9.9.9' }] },
  { row: 'revoke', ask: ({ session_id, session_users: [user] }) => ['POST', REVOKE, { session_id, ...user }] },
];

describe.each(STORES)('the relay surface on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let root: Backend;
  let backend: Backend;
  let powerless: Backend;
  let stranger: Backend;
  /** While it is set, the store's calls about sessions fail with it. */
  let fault: Error | null = null;

  beforeAll(async () => {
    running = await startGateway({ redisUrl: redisUrl(), wrapStore: (store) => faulty(store, () => fault) });
    root = new Backend(running.url);
    backend = await withKey(['relays']);
    powerless = await withKey(['auth', 'sessions', 'admin']);
    stranger = await withKey(['relays']);
  });

  afterEach(() => {
    fault = null;
  });

  afterAll(() => running.stop());

  async function withKey(scopes: readonly string[]): Promise<Backend> {
    const { body } = await root.native('POST', '/v1/keys', { name: 'k', scopes });
    return new Backend(running.url, (body as { secret: string }).secret);
  }

  async function ask(as: Backend, row: Row): Promise<Answer> {
    return as.relays(...row.ask(await backend.createSession(2)));
  }

  it.each(ROWS)('RS1 $row: 401 without, with an unknown and with a misplaced key', async (row) => {
    const [method, path, body] = row.ask(await backend.createSession(2));
    const refused = [
      await backend.call(method, path, body),
      await backend.native(method, path, body),
      await backend.call(method, path, body, { authorization: backend.key }),
      await new Backend(running.url, `${backend.key}x`).relays(method, path, body),
    ];
    const plain = 'This call needs a valid API key.';
    const misplaced: unknown = expect.stringContaining('This call takes its API key as "Authorization: token <key>".');
    expect(refused.map(({ status, body: error }) => [status, error as unknown])).toEqual(
      [plain, misplaced, misplaced, plain].map((message) => [401, { message }]),
    );
  });

  it.each(ROWS)('RS1 $row: 403 for a key without the scope', async (row) => {
    expect((await ask(powerless, row)).status).toBe(403);
  });

  it.each(ROWS)(
    'HT10, RS10 $row: 500 when something breaks, 503 with Retry-After while the store is unavailable',
    async (row) => {
      const [method, path, body] = row.ask(await backend.createSession(2));
      fault = new Error('broken');
      const broken = await backend.relays(method, path, body);
      expect([broken.status, Object.keys(broken.body as object)]).toEqual([500, ['message']]);
      expect(JSON.stringify(broken.body)).not.toContain('broken');
      fault = new Failure('store_unavailable');
      const away = await backend.relays(method, path, body);
      expect(away.status).toBe(503);
      expect(Number(away.headers.get('retry-after'))).toBeGreaterThan(0);
    },
  );

  it.each(ROWS.filter(({ row }) => row !== 'create' && row !== 'list'))(
    'RS5 $row: not there for another project',
    async (row) => {
      expect((await ask(stranger, row)).status).toBe(row.row === 'authorize' ? 400 : 404);
    },
  );

  it('RS2, RS8 create: 200 with a session that a socket can join at its link', async () => {
    const { status, body, headers } = await backend.relays('POST', SESSIONS, {
      users: [{ ip: '127.0.0.1' }, { ip: '2001:DB8:0::1' }],
      webhook_url: 'https://hooks.example.test/',
      unknown: true,
    });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json');
    const { port } = new URL(running.url);
    const door = { port: Number(port), protocol: 'WS', link: `ws://127.0.0.1:${port}/v1/connect` };
    const integer = expect.any(Number) as unknown;
    const place = { latitude: null, longitude: null, authorization_token: integer };
    expect(body).toEqual({
      session_id: expect.stringMatching(/^[0-9a-f]{12}-S$/) as unknown,
      authorization_token: integer,
      status: 'Linked',
      ready: true,
      linked: true,
      error: null,
      session_users: [
        { ip_address: '127.0.0.1', ...place },
        { ip_address: '2001:db8::1', ...place },
      ],
      relay: { ip: '127.0.0.1', host: '127.0.0.1', ports: { server: door, client: door } },
      webhook_url: 'https://hooks.example.test/',
    });
    const link = (body as { relay: { ports: { client: { link: string } } } }).relay.ports.client.link;
    const client = await Client.join(link, pairOf(body as never));
    client.socket.close();
  });

  it.each([
    ...[{}, { users: [] }, { users: [{}] }, { users: [{ ip: 'x' }] }, { users: [{ ip: '1.1.1.1', port: 1 }] }, []],
    ...['{"users":', '', '\u{1F4A5}', '['.repeat(60_000)],
  ])('RS3, HT7 create: 400 for %j', async (body) => {
    const before = (await backend.relays('GET', SESSIONS)).body as { total_count: number };
    const answer = await backend.relays('POST', SESSIONS, body);
    expect([answer.status, Object.keys(answer.body as object)]).toEqual([400, ['message']]);
    expect((await backend.relays('GET', SESSIONS)).body).toMatchObject({ total_count: before.total_count });
  });

  it('HT6 create: 413 for a body over the limit', async () => {
    const answer = await backend.relays('POST', SESSIONS, ' '.repeat(65_537));
    expect([answer.status, Object.keys(answer.body as object)]).toEqual([413, ['message']]);
  });

  it('RS8 create: 200 with an error when no node fits the filters, and one that does', async () => {
    const filters = [{ field: 'region', values: ['the moon'], filter_type: 'any' }];
    const misfit = await backend.relays('POST', SESSIONS, { users: [{ ip: '1.1.1.1' }], filters });
    expect([misfit.status, misfit.body]).toEqual([
      200,
      expect.objectContaining({ status: 'Error', ready: false, linked: false, relay: null }),
    ]);
    const refused = (await Client.attempt(running.socketUrl, pairOf(misfit.body as never))) as Refused;
    expect(refused.status).toBe(503);
  });

  it('RS4 list: 200, newest first, by page and by cursor; 400 for a bad page', async () => {
    const lister = await withKey(['relays']);
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.unshift((await lister.createSession(1)).session_id);
    const list = async (query: string) => {
      const { body } = await lister.relays('GET', `${SESSIONS}?${query}`);
      return body as { sessions: { session_id: string }[]; next_cursor: string | null; pagination: object };
    };
    const idsOf = (page: Awaited<ReturnType<typeof list>>) => page.sessions.map(({ session_id }) => session_id);
    const second = await list('page=2&limit=2');
    expect([idsOf(second), second]).toEqual([
      ids.slice(2, 4),
      expect.objectContaining({
        total_count: 5,
        pagination: {
          number: 2,
          next_page_number: 3,
          previous_page_number: 1,
          paginator: { num_pages: 3 },
          has_next: true,
          has_previous: true,
        },
      }),
    ]);
    const walked: string[] = [];
    let page = await list('limit=2');
    walked.push(...idsOf(page));
    while (page.next_cursor !== null) {
      page = await list(`limit=2&cursor=${page.next_cursor}`);
      walked.push(...idsOf(page));
    }
    expect(walked).toEqual(ids);
    expect(idsOf(await list('page=4&limit=2'))).toEqual([]);
    for (const query of ['page=0', 'limit=101', 'limit=x', 'cursor=x']) {
      expect((await lister.relays('GET', `${SESSIONS}?${query}`)).status).toBe(400);
    }
  });

  it('RS5 get and delete: 200 and 204, the sockets closed 4000; then 404', async () => {
    const session = await backend.createSession(1);
    const path = `${SESSIONS}/${session.session_id}`;
    const client = await Client.join(running.socketUrl, pairOf(session));
    expect((await backend.relays('GET', path)).body).toEqual(session);
    const gone = await backend.relays('DELETE', path);
    expect([gone.status, gone.body]).toEqual([204, '']);
    expect(await client.expectClosed()).toMatchObject({ code: 4000 });
    for (const method of ['GET', 'DELETE']) {
      expect((await backend.relays(method, path)).status).toBe(404);
      expect((await backend.relays(method, `${SESSIONS}/x`)).status).toBe(404);
    }
  });

  it('RS6 authorize: 200 with the one new user, whose token opens a seat', async () => {
    const { session_users, ...head } = await backend.createSession(1);
    const body = { session_id: head.session_id, user_ip: '::ffff:127.0.0.2' };
    const answer = await backend.relays('POST', AUTHORIZE, body);
    const { session_user, ...shown } = answer.body as { session_user: (typeof session_users)[number] };
    expect([answer.status, shown, session_user.ip_address]).toEqual([200, head, '127.0.0.2']);
    const client = await Client.join(running.socketUrl, pairOf({ ...head, session_users: [session_user] }));
    client.socket.close();
    expect((await backend.relays('GET', `${SESSIONS}/${head.session_id}`)).body).toEqual({
      ...head,
      session_users: [...session_users, session_user],
    });
  });

  it('RS6 authorize: 409 for an address that is authorized and for a full session', async () => {
    const { session_id } = await backend.createSession(1, { max_users: 1 });
    const authorize = (user_ip: string) => backend.relays('POST', AUTHORIZE, { session_id, user_ip });
    expect((await authorize('127.0.0.1')).body).toMatchObject({
      message: expect.stringContaining('already') as unknown,
    });
    expect([(await authorize('127.0.0.1')).status, (await authorize('3.3.3.3')).status]).toEqual([409, 409]);
  });

  it.each([
    { session_id: NOBODY, user_ip: '1.1.1.1' },
    { session_id: 'x', user_ip: '1.1.1.1' },
    { user_ip: '1.1.1.1' },
    { session_id: NOBODY },
    { session_id: NOBODY, user_ip: '1.1.1' },
  ])('RS6 authorize: 400 for %j', async (body) => {
    expect((await backend.relays('POST', AUTHORIZE, body)).status).toBe(400);
  });

  it('RS7 revoke: 200 without the user, whose socket is closed 4002 and credential refused; then 204', async () => {
    const session = await backend.createSession(2);
    const [first, second] = session.session_users;
    const client = await Client.join(running.socketUrl, pairOf(session));
    const revoke = (authorization_token: unknown) =>
      backend.relays('POST', REVOKE, { session_id: session.session_id, authorization_token });
    const answer = await revoke(first?.authorization_token);
    expect([answer.status, answer.body]).toEqual([200, { ...session, session_users: [second] }]);
    expect(await client.expectClosed()).toMatchObject({ code: 4002 });
    const again = (await Client.attempt(running.socketUrl, pairOf(session))) as Refused;
    expect([401, 403]).toContain(again.status);
    expect((await revoke(String(first?.authorization_token))).status).toBe(204);
    expect((await revoke(String(second?.authorization_token))).status).toBe(204);
    const left = await backend.relays('GET', `${SESSIONS}/${session.session_id}`);
    expect([left.status, (left.body as typeof session).session_users]).toEqual([200, []]);
  });

  it('RS7 revoke: 404 for an unknown session or token, 400 for what is none', async () => {
    const { session_id } = await backend.createSession(1);
    const revoke = (body: object) => backend.relays('POST', REVOKE, body);
    expect((await revoke({ session_id, authorization_token: 1 })).status).toBe(404);
    expect((await revoke({ session_id: NOBODY, authorization_token: 1 })).status).toBe(404);
    for (const authorization_token of [0, -5, 1.5, '1e3', '', null]) {
      expect((await revoke({ session_id, authorization_token })).status).toBe(400);
    }
  });

  it('HT11, HT12 create with an Idempotency-Key: one session, the same answer; 409 for another body', async () => {
    const headers = { 'Idempotency-Key': 'once-1' };
    const body = { users: [{ ip: '1.1.1.1' }] };
    const lister = await withKey(['relays']);
    const answers = await Promise.all([1, 2, 3].map(() => lister.relays('POST', SESSIONS, body, headers)));
    const made = answers.filter(({ status }) => status === 200);
    expect(made.length).toBeGreaterThan(0);
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
    const replay = await lister.relays('POST', SESSIONS, body, headers);
    expect([replay.status, replay.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    expect(replay.body).toEqual(made[0]?.body);
    const other = await lister.relays('POST', SESSIONS, { users: [{ ip: '2.2.2.2' }] }, headers);
    expect(other.status).toBe(409);
    expect((await lister.relays('GET', SESSIONS)).body).toMatchObject({ total_count: 1 });
  });

  it('HT2, HT5 matrix parameters are passed over; another method is 405 with Allow, an unknown path 404', async () => {
    const { session_id } = await backend.createSession(1);
    expect((await backend.relays('GET', `/v1;a=1/relays/sessions;b/${session_id};c=%2F`)).status).toBe(200);
    const other = await backend.relays('PUT', SESSIONS);
    expect([other.status, other.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
    const unknown = await backend.relays('GET', '/v1/relays/other');
    expect([unknown.status, unknown.body]).toEqual([404, expect.objectContaining({ code: 'unknown_path' })]);
  });
});

/** Every call about sessions rejects with the fault, while there is one. */
function faulty(store: Store, fault: () => Error | null): Store {
  const relay = new Proxy(store.relay, {
    get:
      (target, name) =>
      (...call: unknown[]) => {
        const error = fault();
        if (error !== null) return Promise.reject(error);
        const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
        return method.apply(target, call);
      },
  });
  return { ...store, relay };
}
