import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, pairOf } from '../support/backend.js';
import { STORES } from '../support/both-stores.js';
import { Client, type Refused } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';
import { rawExchange } from '../support/raw-tcp.js';

describe.each(STORES)('connecting on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let backend: Backend;

  beforeAll(async () => {
    running = await startGateway({
      redisUrl: redisUrl(),
      env: { SALLYPORT_ALLOWED_ORIGINS: 'https://game.example' },
    });
    backend = new Backend(running.url);
  });

  afterAll(() => running.stop());

  async function refusal(credential: string | null, options = {}): Promise<Refused> {
    const outcome = await Client.attempt(running.socketUrl, credential, options);
    if (outcome instanceof Client) throw new Error('was admitted');
    return outcome;
  }

  it.each(['header', 'protocol', 'query'] as const)(
    'CN1 a pair opens its seat from the carrier: %s',
    async (carrier) => {
      const session = await backend.createSession(1);
      const client = await Client.join(running.socketUrl, pairOf(session), { carrier });
      expect(client.welcome).toMatchObject({
        type: 'welcome',
        protocol: 1,
        session: { id: session.session_id, metadata: {}, max_users: 1000 },
        you: { index: 0, role: 'host' },
        members: [{ index: 0, role: 'host', connected: true, state: null }],
        host: { index: 0, term: 1 },
        seq: 0,
        recovered: false,
        resume: { window_ms: 30_000 },
        limits: { max_message_bytes: 16384, messages_per_s: 1000, bytes_per_s: 4194304 },
        heartbeat_ms: 25_000,
      });
      expect(client.welcome.session.expires_at).toBeGreaterThan(Date.now());
      expect(client.welcome.epoch).not.toBe('');
      expect(client.welcome.resume.token).not.toBe('');
      expect(client.controls[0]?.type).toBe('welcome');
      await client.leave();
    },
  );

  it('CN1 a minted credential opens a seat', async () => {
    const session = await backend.createSession(1);
    const token = await backend.mint(session.session_id, 'alice');
    const client = await Client.join(running.socketUrl, token, { carrier: 'protocol' });
    expect(client.welcome.you.user_id).toBe('alice');
  });

  it('CN2 the server answers with the subprotocol sallyport.v1 and nothing of the credential', async () => {
    const session = await backend.createSession(1);
    const client = await Client.join(running.socketUrl, pairOf(session), { carrier: 'protocol' });
    expect(client.socket.protocol).toBe('sallyport.v1');
    expect(client.socket.extensions).toBe('');
  });

  it('CN3 a credential that is not valid is 401, always with the same body', async () => {
    const session = await backend.createSession(1);
    const good = await backend.mint(session.session_id, 'bob');
    const [head = '', body = '', signature = ''] = good.split('.');
    const none = Buffer.from('{"alg":"none","typ":"sallyport-relay+jwt"}').toString('base64url');
    const wrong = [
      'nonsense',
      'a.b.c',
      `${head}.${body}.`,
      `${none}.${body}.`,
      `${none}.${body}.${signature}`,
      `${head}.${body}.${signature.slice(0, -4)}AAAA`,
      `${session.session_id}.1.2`,
      `${session.session_id}.${String(session.authorization_token)}.1`,
      `rt.${session.session_id}.0.epoch.secret`,
      `rt.${session.session_id}.0.Ab3xYz09.${'s'.repeat(32)}`,
      '%00',
    ];
    const bodies = new Set<string>();
    for (const credential of wrong) {
      const refused = await refusal(credential);
      expect({ credential, status: refused.status }).toEqual({ credential, status: 401 });
      bodies.add(JSON.stringify(refused.body));
    }
    expect([...bodies]).toEqual(['{"code":"credential_invalid","message":"The credential is invalid or expired."}']);
    expect(await refusal(null)).toMatchObject({ status: 401, body: { code: 'credential_missing' } });
  });

  it('CN4 a session that does not exist is 404', async () => {
    expect(await refusal('0123456789ab-S.1.2')).toMatchObject({ status: 404, body: { code: 'session_not_found' } });
    const session = await backend.createSession(1);
    const token = await backend.mint(session.session_id, 'carol');
    await backend.relays('DELETE', `/v1/relays/sessions/${session.session_id}`);
    expect(await refusal(token)).toMatchObject({ status: 404 });
    expect(await refusal(pairOf(session))).toMatchObject({ status: 404 });
  });

  it('CN5 a full session is 409, and a seat given back can be taken', async () => {
    const session = await backend.createSession(1, { max_users: 2 });
    const a = await Client.join(running.socketUrl, await backend.mint(session.session_id, 'a'));
    const token = await backend.mint(session.session_id, 'b');
    expect(await refusal(token)).toMatchObject({ status: 409, body: { code: 'session_full' } });
    a.say({ type: 'leave' });
    await a.expectClosed();
    const b = await Client.join(running.socketUrl, token);
    expect(b.index).toBe(1);
  });

  it('CN6 a page of another origin is 403 before any upgrade, a listed one and a program are let in', async () => {
    const session = await backend.createSession(1);
    for (const origin of ['https://evil.example', 'null', 'https://game.example.evil.example', 'http://game.example']) {
      const refused = await refusal(pairOf(session), { headers: { origin } });
      expect({ origin, ...refused }).toMatchObject({ origin, status: 403, body: { code: 'origin_not_allowed' } });
    }
    await Client.join(running.socketUrl, pairOf(session), { headers: { origin: 'https://game.example' } });
  });

  it('CN8 with enforce_ip a seat is opened from its own address only', async () => {
    const session = await backend.relays('POST', '/v1/relays/sessions', {
      users: [{ ip: '127.0.0.1' }, { ip: '127.0.0.2' }],
      enforce_ip: true,
    });
    const pairs = [pairOf(session.body, 0), pairOf(session.body, 1)] as const;
    expect(await refusal(pairs[1])).toMatchObject({ status: 403, body: { code: 'address_not_allowed' } });
    await Client.join(running.socketUrl, pairs[0]);
    await Client.join(running.socketUrl, pairs[1], { localAddress: '127.0.0.2' });
  });

  it('CN9 without an upgrade a good credential is 426, and another says what the handshake would', async () => {
    const session = await backend.createSession(1, { max_users: 2 });
    const ask = (credential: string): Promise<Response> =>
      fetch(`${running.url}/v1/connect`, { headers: { authorization: `Bearer ${credential}` } });
    const good = await ask(pairOf(session));
    expect(good.status).toBe(426);
    expect(good.headers.get('upgrade')).toBe('websocket');
    expect(await good.json()).toMatchObject({ code: 'upgrade_required' });
    expect((await ask('nonsense')).status).toBe(401);
    expect((await ask('0123456789ab-S.1.2')).status).toBe(404);
    const members = await backend.native('GET', `/v1/relays/sessions/${session.session_id}/members`);
    expect(members.body.members).toEqual([]);
    await Client.join(running.socketUrl, await backend.mint(session.session_id, 'x'));
    expect((await ask(await backend.mint(session.session_id, 'y'))).status).toBe(409);
  });

  it.each(['abc', '-1', '+1', '1.5', '1e3', '00', '01', ' 1', '9007199254740992', ''])(
    'CN11 seq=%j is 400',
    async (seq) => {
      const session = await backend.createSession(1);
      expect(await refusal(pairOf(session), { query: { seq } })).toMatchObject({
        status: 400,
        body: { code: 'invalid_request' },
      });
    },
  );

  it('CN11 two of seq are 400', async () => {
    const session = await backend.createSession(1);
    const headers = { authorization: `Bearer ${pairOf(session)}` };
    const answer = await backend.call('GET', '/v1/connect?seq=1&seq=1', undefined, headers);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
    expect((await backend.call('GET', '/v1/connect?seq=1', undefined, headers)).status).toBe(426);
  });

  it('CN11 a handshake without a proper key or version is 400', async () => {
    const session = await backend.createSession(1);
    const head = (lines: string[]): string =>
      ['GET /v1/connect HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket', ...lines, '', ''].join(
        '\r\n',
      );
    const authorization = `Authorization: Bearer ${pairOf(session)}`;
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
    const port = Number(new URL(running.url).port);
    expect(await rawExchange(port, head([authorization, key, 'Sec-WebSocket-Version: 8']))).toMatch(/^HTTP\/1.1 400 /);
    expect(
      await rawExchange(port, head([authorization, 'Sec-WebSocket-Key: short', 'Sec-WebSocket-Version: 13'])),
    ).toMatch(/^HTTP\/1.1 400 /);
    expect(await rawExchange(port, head([authorization, key, 'Sec-WebSocket-Version: 13']), 101)).toMatch(
      /^HTTP\/1.1 101 /,
    );
  });

  it.each([
    ['no Upgrade', ['Connection: Upgrade'], 426],
    ['no Connection', ['Upgrade: websocket'], 400],
    ['another Upgrade', ['Connection: Upgrade', 'Upgrade: h2c'], 426],
    ['a body', ['Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 5'], 400],
    ['another wish in a Connection before it', ['Connection: close', 'Connection: Upgrade', 'Upgrade: websocket'], 400],
    ['another wish in a Connection behind it', ['Connection: Upgrade', 'Connection: close', 'Upgrade: websocket'], 400],
    ['a chunked body', ['Connection: Upgrade', 'Upgrade: websocket', 'Transfer-Encoding: chunked'], 400],
  ])('CN16 a handshake with %s is no handshake', async (_name, lines, status) => {
    const session = await backend.createSession(1);
    const key = ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13'];
    const authorization = `Authorization: Bearer ${pairOf(session)}`;
    const head = ['GET /v1/connect HTTP/1.1', 'Host: x', authorization, ...key, ...lines, '', ''].join('\r\n');
    const port = Number(new URL(running.url).port);
    expect(await rawExchange(port, head)).toMatch(new RegExp(`^HTTP/1.1 ${String(status)} `));
    const members = await backend.native('GET', `/v1/relays/sessions/${session.session_id}/members`);
    expect(members.body.members).toEqual([]);
  });

  it('CN15 an address that keeps failing is 429 with Retry-After, and let in again when it has slowed down', async () => {
    const strict = await startGateway({ redisUrl: redisUrl(), env: { SALLYPORT_FAILED_HANDSHAKES_PER_S: '5' } });
    try {
      const session = await new Backend(strict.url).createSession(1);
      for (let n = 0; n < 5; n += 1) {
        expect(await Client.attempt(strict.socketUrl, 'guess')).toMatchObject({ status: 401 });
      }
      expect(await Client.attempt(strict.socketUrl, pairOf(session))).toMatchObject({
        status: 429,
        body: { code: 'too_many_requests' },
        headers: { 'retry-after': '1' },
      });
      const elsewhere = await Client.attempt(strict.socketUrl, pairOf(session), { localAddress: '127.0.0.3' });
      expect(elsewhere).toBeInstanceOf(Client);
      await eventually(async () => {
        const outcome = await Client.attempt(strict.socketUrl, pairOf(session));
        return outcome instanceof Client ? null : String(outcome.status);
      });
    } finally {
      await strict.stop();
    }
  });

  it('HT24 a page of any origin may read why its handshake failed, and nothing else is for pages', async () => {
    const ask = (path: string, origin: string, method = 'GET'): Promise<Response> =>
      fetch(running.url + path, {
        method,
        headers: { origin, authorization: 'Bearer nonsense', 'access-control-request-method': 'GET' },
      });
    const allowed = await ask('/v1/connect', 'https://game.example');
    expect(allowed.status).toBe(401);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://game.example');
    expect(allowed.headers.get('access-control-expose-headers')).toContain('Retry-After');
    expect(allowed.headers.get('vary')).toBe('Origin');
    const preflight = await ask('/v1/connect', 'https://game.example', 'OPTIONS');
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([204, 'Authorization']);
    const other = await ask('/v1/connect', 'https://evil.example');
    expect([other.status, other.headers.get('access-control-allow-origin')]).toEqual([403, '*']);
    expect(other.headers.get('vary')).toBe('Origin');
    expect(await other.json()).toMatchObject({ code: 'origin_not_allowed' });
    expect((await ask('/v1/connect', 'https://evil.example', 'OPTIONS')).status).toBe(204);
    const keys = await ask('/v1/keys', 'https://game.example');
    expect(keys.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('CN12 a socket on another path than /v1/connect is 404', async () => {
    const port = Number(new URL(running.url).port);
    const lines = ['GET /v1/elsewhere HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket'];
    const key = ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13', '', ''];
    expect(await rawExchange(port, [...lines, ...key].join('\r\n'))).toMatch(
      /^HTTP\/1.1 404 [^]*"code":"unknown_path"/,
    );
  });

  it.each([
    ['two lengths', 'Content-Length: 2\r\nContent-Length: 3'],
    ['an empty length', 'Content-Length: '],
    ['an unknown encoding', 'Transfer-Encoding: identity'],
    ['a length and an encoding', 'Content-Length: 2\r\nTransfer-Encoding: chunked'],
    ['two hosts', 'Host: y'],
  ])('HT20 a request with %s is not served, and its connection is closed', async (_name, header) => {
    const port = Number(new URL(running.url).port);
    const raw = `POST /v1/relays/sessions HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n{}GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n`;
    const answer = await rawExchange(port, raw);
    expect(answer).toMatch(/^(HTTP\/1.1 400 |$)/);
    expect(answer).not.toContain('"status":"ok"');
  });

  it('CN13 a client that goes away during its handshake leaves no member behind', async () => {
    const session = await backend.createSession(1, { max_users: 3 });
    const port = Number(new URL(running.url).port);
    for (let n = 0; n < 20; n += 1) {
      const token = await backend.mint(session.session_id, `ghost${String(n)}`);
      const lines = ['GET /v1/connect HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket'];
      const rest = ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13'];
      await rawExchange(port, [...lines, ...rest, `Authorization: Bearer ${token}`, '', ''].join('\r\n'), 'reset');
    }
    const watcher = await Client.join(running.socketUrl, pairOf(session));
    await watcher.settle();
    expect(watcher.welcome.you.user_id).toMatch(/^usr_/);
  });
});
