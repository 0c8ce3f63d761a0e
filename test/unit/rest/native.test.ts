import { expect, it } from 'vitest';
import { ERRORS } from '../../../src/protocol/errors.js';
import { stateTextOf } from '../../../src/protocol/presence.js';
import { Failure } from '../../../src/protocol/failure.js';
import type { ConnectRequest } from '../../../src/ports/connect.js';
import { startRest, type Harness } from './harness.js';

async function session(rest: Harness): Promise<string> {
  return `/v1/relays/sessions/${(await rest.newSession()).json.session_id}`;
}

async function expectBad(rest: Harness, line: string, bodies: readonly unknown[]): Promise<void> {
  for (const body of bodies) {
    const answer = await rest.native(line, body);
    expect([body, answer.status, answer.json.code]).toEqual([body, 400, 'invalid_request']);
  }
}

it('NA2 PATCH changes what is sent, leaves the rest, and answers the session in detail', async () => {
  const rest = startRest();
  const created = (await rest.newSession({ webhook_url: 'https://a.test/', metadata: { a: 1 } })).json;
  const at = `PATCH /v1/relays/sessions/${created.session_id}`;
  rest.clock.advance(5000);
  const changed = await rest.native(at, { max_users: 7, locked: true, webhook_url: null, expires_in_s: 10 });
  expect(changed.status).toBe(200);
  expect(changed.json).toEqual({
    ...created,
    webhook_url: null,
    project_id: 'default',
    metadata: { a: 1 },
    max_users: 7,
    created_at: rest.clock.nowMs() - 5000,
    expires_at: rest.clock.nowMs() + 10_000,
    resume_window_ms: 30_000,
    flush_ms: 'auto',
    durability: 'memory',
    enforce_ip: false,
    locked: true,
    join_url: null,
    host: { index: null, term: 0 },
  });
  const more = {
    join_url: 'https://b.test/may-join',
    metadata: { b: [null] },
    resume_window_ms: 1,
    flush_ms: 0,
    enforce_ip: true,
  };
  expect((await rest.native(at, more)).json).toMatchObject({ ...more, max_users: 7, locked: true });
});

it('OC6 PATCH refuses a target that the gateway may not call, and takes null', async () => {
  const rest = startRest();
  const at = `PATCH ${await session(rest)}`;
  for (const name of ['webhook_url', 'join_url']) {
    const answer = await rest.native(at, { [name]: 'https://169.254.169.254/latest', max_users: 7 });
    expect([answer.status, answer.json.code]).toEqual([400, 'invalid_request']);
    expect(answer.json.message).toContain(`${name}: refused: 169.254.169.254 is not an address of the public internet`);
    expect((await rest.native(at, { [name]: null })).json).toMatchObject({ [name]: null, max_users: 1000 });
  }
});

it('NA2 PATCH refuses what is empty, unknown, out of range or nowhere', async () => {
  const rest = startRest();
  const at = `PATCH ${await session(rest)}`;
  await expectBad(rest, at, [
    ...[{}, [], { durability: 'redis' }, { session_id: 'x' }, { max_users: 0 }, { max_users: null }, { locked: 'yes' }],
    ...[{ flush_ms: 51 }, { metadata: null }, { webhook_url: 'x' }, { expires_in_s: 0 }, { resume_window_ms: 600_001 }],
  ]);
  const unknown = await rest.native('PATCH /v1/relays/sessions/000000000000-S', { locked: true });
  expect([unknown.status, unknown.json.code]).toEqual([404, 'session_not_found']);
});

it('NA3 members are shown with how old the answer is', async () => {
  const members = [
    {
      index: 0,
      userId: 'usr_a',
      role: 'host',
      connected: true,
      state: stateTextOf('{"x":1}'),
      joinedAtMs: 5,
      dropped: 3,
      metadata: '{"team":"red"}',
    },
  ] as const;
  const report = { members, asOfMs: 9, maxStalenessMs: 0 };
  const live = { members: async () => report, send: async () => ({ seq: null, receivers: 0 }) };
  const rest = startRest({ live: live as never });
  const answer = await rest.native('GET /v1/relays/sessions/000000000000-S/members');
  expect(answer.json).toEqual({
    members: [
      {
        ...{ index: 0, user_id: 'usr_a', role: 'host', connected: true, state: { x: 1 }, joined_at: 5, dropped: 3 },
        metadata: { team: 'red' },
      },
    ],
    as_of: 9,
    max_staleness_ms: 0,
  });
  expect((await rest.native('GET /v1/relays/sessions/x/members')).json.code).toBe('session_not_found');
});

it('NA4 kick by token, user id or index says what it did', async () => {
  const rest = startRest();
  const created = (await rest.newSession()).json;
  const at = `POST /v1/relays/sessions/${created.session_id}/kick`;
  const none = await rest.native(at, { user_id: 'nobody' });
  expect(none.json).toEqual({ matched: 0, closed: 0, nodes_acked: 1, nodes_timed_out: 0, took_ms: 0 });
  expect((await rest.native(at, { index: 0 })).json).toMatchObject({ matched: 0 });
  const authorization_token = created.session_users[0]?.authorization_token;
  const kicked = await rest.native(at, { authorization_token, reason: 'cheating', ban: true });
  expect([kicked.status, kicked.json]).toEqual([
    200,
    { matched: 1, closed: 1, nodes_acked: 1, nodes_timed_out: 0, took_ms: 0 },
  ]);
  expect((await rest.relay(`GET /v1/relays/sessions/${created.session_id}`)).json.session_users).toEqual([]);
  expect(rest.logged.at(-1)).toMatchObject({ event: 'kicked', fields: { by: 'token', reason: 'cheating', ban: true } });
});

it('NA4 a banned user gets no new token', async () => {
  const rest = startRest();
  const at = await session(rest);
  expect((await rest.native(`POST ${at}/kick`, { user_id: 'eve', ban: true })).status).toBe(200);
  const refused = await rest.native(`POST ${at}/tokens`, { user_id: 'eve' });
  expect([refused.status, refused.json.code]).toEqual([403, 'banned']);
});

it('NA4 kick names exactly one user', async () => {
  const rest = startRest();
  await expectBad(rest, `POST ${await session(rest)}/kick`, [
    ...[{}, { ban: true }, { index: 0, user_id: 'a' }, { index: -1 }, { index: 65_534 }, { index: '0' }],
    ...[{ user_id: '' }, { user_id: 'a b' }, { authorization_token: 0 }, { index: 0, ban: 1 }, { index: 0, x: 1 }],
    ...[{ index: 0, reason: 'x'.repeat(257) }],
  ]);
  expect((await rest.native('POST /v1/relays/sessions/000000000000-S/kick', { index: 0 })).status).toBe(404);
});

it('NA5 messages go out in each class, to all or to some', async () => {
  const rest = startRest();
  const at = `POST ${await session(rest)}/messages`;
  const reliable = await rest.native(at, { class: 'reliable', payload_base64: 'aGk=' });
  expect([reliable.status, reliable.json]).toEqual([200, { seq: 1, receivers: 2 }]);
  const latest = await rest.native(at, { class: 'latest', key: 65_535, targets: [0, 7], payload_base64: '' });
  expect(latest.json).toEqual({ seq: null, receivers: 2 });
  await rest.native(at, { class: 'volatile', payload_base64: '/+8=' });
  const bytes = (...values: number[]) => Buffer.from(values);
  expect(rest.sent).toEqual([
    { deliveryClass: 2, key: 0, targets: null, payload: bytes(0x68, 0x69) },
    { deliveryClass: 1, key: 65_535, targets: [0, 7], payload: bytes() },
    { deliveryClass: 0, key: 0, targets: null, payload: bytes(0xff, 0xef) },
  ]);
});

it('NA5 messages out of shape are 400', async () => {
  const rest = startRest();
  const good = { class: 'volatile', payload_base64: 'aGk=' };
  await expectBad(rest, `POST ${await session(rest)}/messages`, [
    ...[{}, { class: 'volatile' }, { payload_base64: '' }, { ...good, class: 'other' }, { ...good, class: 0 }],
    ...[
      { ...good, key: 1 },
      { ...good, class: 'latest' },
      { ...good, class: 'latest', key: 65_536 },
    ],
    ...[
      { ...good, targets: [] },
      { ...good, targets: [65_534] },
      { ...good, targets: Array(256).fill(1) },
    ],
    ...['aGk', 'aGk=\n', 'a-_=', 'aGl=', '=', 'aGk==', 1, null].map((text) => ({ ...good, payload_base64: text })),
    { ...good, extra: 1 },
  ]);
  expect(rest.sent).toEqual([]);
});

it('NA6 tokens are minted for a role and a time, a client for an hour unless said otherwise', async () => {
  const rest = startRest();
  const at = `POST ${await session(rest)}/tokens`;
  const plain = await rest.native(at, { user_id: 'ann' });
  expect([plain.status, Object.keys(plain.json)]).toEqual([200, ['token', 'expires_at']]);
  expect(plain.json['expires_at']).toBe(rest.clock.nowMs() + 3_600_000);
  expect(JSON.parse(String(plain.json['token']))).toMatchObject({ userId: 'ann', asHost: false });
  const host = await rest.native(at, { user_id: 'bob', role: 'host', ttl_s: 5 });
  expect(host.json['expires_at']).toBe(rest.clock.nowMs() + 5000);
  expect(JSON.parse(String(host.json['token']))).toMatchObject({ userId: 'bob', asHost: true });
  await expectBad(rest, at, [
    ...[{}, { user_id: '' }, { user_id: 'é' }, { user_id: 'x'.repeat(129) }, { user_id: 'a', role: 'king' }],
    ...[
      { user_id: 'a', ttl_s: 0 },
      { user_id: 'a', ttl_s: 86_401 },
      { user_id: 'a', more: 1 },
    ],
  ]);
});

it('NA7 nodes are listed with their state, load and lease', async () => {
  const { json } = await startRest().native('GET /v1/nodes');
  expect(json).toEqual({
    nodes: [
      {
        id: 'node_0123456789abcdef',
        state: 'ready',
        started_at: 1,
        labels: { region: 'eu' },
        public_url: 'https://relay.example.test',
        connections: 3,
        sessions: 1,
        version: '0.1.0',
        engine: 'uws',
        lease_until: 2,
      },
    ],
  });
});

it('NA8 healthz is alive whatever the store does; readyz says why it is not ready', async () => {
  const rest = startRest();
  expect((await rest.send('GET /readyz')).json).toEqual({ status: 'ready' });
  rest.health = { ok: false, reason: 'gone' };
  const away = await rest.send('GET /readyz');
  expect([away.status, away.headers['Retry-After'], away.json]).toEqual([
    503,
    '1',
    { code: 'store_unavailable', message: 'The state store cannot be used (gone).' },
  ]);
  rest.draining = true;
  expect((await rest.send('GET /readyz')).json.code).toBe('draining');
  expect((await rest.send('GET /healthz')).json).toEqual({ status: 'ok' });
});

it('NA9 metrics are text as the exposition says', async () => {
  const answer = await startRest().send('GET /metrics');
  expect([answer.headers['Content-Type'], answer.body]).toEqual(['text/plain; version=0.0.4', 'up 1\n']);
});

it('NA10 connect without an upgrade answers what a handshake would meet', async () => {
  const asked: ConnectRequest[] = [];
  const rest = startRest({
    gatekeeper: {
      examine: async (request) => {
        asked.push(request);
        return new Failure(asked.length === 1 ? 'upgrade_required' : 'credential_revoked');
      },
    },
  });
  const good = await rest.send('GET /v1/connect?access_token=abc&seq=4', {
    authorization: 'Bearer xyz',
    headers: { 'sec-websocket-protocol': 'sallyport.v1, bearer.abc', origin: 'https://a.test', host: 'b.test' },
  });
  expect([good.status, good.headers['Upgrade'], good.json.code]).toEqual([426, 'websocket', 'upgrade_required']);
  expect(asked[0]).toEqual({
    requestId: 'request-1',
    client: null,
    query: new URLSearchParams('access_token=abc&seq=4'),
    authorization: 'Bearer xyz',
    protocols: ['sallyport.v1', 'bearer.abc'],
    origin: 'https://a.test',
    host: 'b.test',
    remoteAddress: '127.0.0.1',
  });
  const revoked = await rest.send('GET /v1/connect');
  expect([revoked.status, revoked.json]).toEqual([
    403,
    { code: 'credential_revoked', message: ERRORS.credential_revoked.message },
  ]);
  expect(asked[1]).toMatchObject({ authorization: null, protocols: [], origin: null, host: null });
});
