/** HTTP as it is on the wire: paths that clients would tidy up, sizes, headers; and the native calls over real HTTP. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, pairOf } from '../../support/backend.js';
import { STORES } from '../../support/both-stores.js';
import { Client, type Refused } from '../../support/client.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';
import { eventually } from '../../support/eventually.js';
import { openRaw, rawExchange } from '../../support/raw-tcp.js';

describe.each(STORES)('HTTP on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let backend: Backend;

  beforeAll(async () => {
    running = await startGateway({ redisUrl: redisUrl() });
    backend = new Backend(running.url);
  });

  afterAll(() => running.stop());

  const get = (path: string) =>
    rawExchange(
      Number(new URL(running.url).port),
      `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${backend.key}\r\nConnection: close\r\n\r\n`,
    );

  it.each([
    '/v1%2fkeys',
    '/v1%2Fkeys',
    '//v1/keys',
    '/v1//keys',
    '/v1/keys/',
    '/v1/./keys',
    '/x/../v1/keys',
    '/v1/keys%00',
  ])('HT4 %s is 404', async (path) => {
    expect(await get(path)).toMatch(/^HTTP\/1\.1 404 [^]*"unknown_path"/);
  });

  it('HT1, HT2 /v1;x=%2F/keys is /v1/keys; the answer names the request and is not stored', async () => {
    const text = await get('/v1;x=%2F/keys');
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(text).toMatch(/\r\nx-request-id: [\w-]+\r\n/i);
    expect(text).toMatch(/\r\ncache-control: no-store\r\n/i);
  });

  it('HT22 an answer without a body leaves its connection usable, and says nothing of a length', async () => {
    const session = await backend.createSession(1);
    const port = Number(new URL(running.url).port);
    const key = `Authorization: token ${backend.key}`;
    const connection = await openRaw(
      port,
      `DELETE /v1/relays/sessions/${session.session_id} HTTP/1.1\r\nHost: x\r\n${key}\r\n\r\n`,
    );
    const received = (): string => connection.received.toString('latin1');
    await eventually(() => (received().includes('\r\n\r\n') ? null : 'no answer to DELETE'));
    expect(received()).toMatch(/^HTTP\/1\.1 204 /);
    expect(received()).not.toMatch(/content-length/i);
    connection.write('HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => (received().split('HTTP/1.1 ').length === 3 ? null : 'no answer to HEAD'));
    connection.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => (received().endsWith('{"status":"ok"}') ? null : received()));
    connection.destroy();
  });

  it('HT23 a head of nearly 8 KiB is served', async () => {
    const port = Number(new URL(running.url).port);
    const head = `GET /healthz HTTP/1.1\r\nHost: x\r\nX-Big: ${'x'.repeat(8000)}\r\n\r\n`;
    expect(await rawExchange(port, head)).toMatch(/^HTTP\/1\.1 200 [^]*"status":"ok"/);
  });

  it('HT23 a head over 8 KiB is 431, as we say it, and its connection closed', async () => {
    const port = Number(new URL(running.url).port);
    const big = `GET /healthz HTTP/1.1\r\nHost: x\r\nX-Big: ${'x'.repeat(9000)}\r\n\r\n`;
    const ours = /^HTTP\/1\.1 431 [^]*\r\nconnection: close\r\n[^]*"headers_too_large"/i;
    expect(await rawExchange(port, big)).toMatch(ours);
    expect(await rawExchange(port, `GET /${'x'.repeat(9000)} HTTP/1.1\r\nHost: x\r\n\r\n`)).toMatch(ours);
    // Far over it the newer engine speaks first; the status is the same.
    expect(await rawExchange(port, big.replace('x\r\n\r\n', `${'x'.repeat(20_000)}\r\n\r\n`))).toMatch(
      /^HTTP\/1\.1 431 /,
    );
  });

  it('HT21 HEAD answers with the head of GET, its length included, and no body', async () => {
    const full = await fetch(`${running.url}/healthz`);
    const head = await fetch(`${running.url}/healthz`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String((await full.text()).length)]);
    expect(await head.text()).toBe('');
  });

  it('KY1, KY4 a key is made, works, is listed, is removed and is refused', async () => {
    const made = await backend.native('POST', '/v1/keys', { name: 'k', scopes: ['relays'] });
    const { secret, ...shown } = made.body as { secret: string; id: string };
    expect([made.status, shown]).toEqual([201, expect.objectContaining({ name: 'k', scopes: ['relays'] })]);
    const holder = new Backend(running.url, secret);
    expect((await holder.relays('GET', '/v1/relays/sessions')).status).toBe(200);
    expect((await holder.native('GET', '/v1/keys')).status).toBe(403);
    const listed = await backend.native('GET', '/v1/keys');
    expect((listed.body as { keys: unknown[] }).keys).toContainEqual({ ...shown, last_used_at: expect.any(Number) });
    expect((await backend.native('DELETE', `/v1/keys/${shown.id}`)).status).toBe(204);
    expect((await holder.relays('GET', '/v1/relays/sessions')).status).toBe(401);
  });

  it('NA2 PATCH changes the session and its members are told', async () => {
    const session = await backend.createSession(1);
    const client = await Client.join(running.socketUrl, pairOf(session));
    const change = { metadata: { round: 2 }, max_users: 5, locked: true };
    const answer = await backend.native('PATCH', `/v1/relays/sessions/${session.session_id}`, change);
    expect([answer.status, answer.body]).toEqual([200, expect.objectContaining({ ...session, ...change })]);
    expect((await client.expect('session.updated')).session).toMatchObject(change);
    await client.leave();
  });

  it('NA3, NA4 members are listed, kicked, gone and refused', async () => {
    const session = await backend.createSession(2);
    const at = `/v1/relays/sessions/${session.session_id}`;
    const kicked = await Client.join(running.socketUrl, pairOf(session, 0));
    const other = await Client.join(running.socketUrl, pairOf(session, 1));
    const members = async () => {
      const { body } = await backend.native('GET', `${at}/members`);
      return (body as { members: { index: number; role: string; connected: boolean }[] }).members;
    };
    expect(await members()).toEqual([
      expect.objectContaining({ index: kicked.index, role: 'host', connected: true }),
      expect.objectContaining({ index: other.index, role: 'client', connected: true }),
    ]);
    const report = await backend.native('POST', `${at}/kick`, { index: kicked.index, reason: 'test' });
    expect([report.status, report.body]).toEqual([
      200,
      expect.objectContaining({ matched: 1, closed: 1, nodes_acked: 1, nodes_timed_out: 0 }),
    ]);
    expect((await kicked.expectClosed()).code).toBe(4001);
    expect(await other.expect('member.left')).toMatchObject({ index: kicked.index, reason: 'kicked' });
    expect((await members()).map(({ index }) => index)).toEqual([other.index]);
    const refused = (await Client.attempt(running.socketUrl, pairOf(session, 0))) as Refused;
    expect([401, 403]).toContain(refused.status);
    await other.leave();
  });

  it('NA5 a message reaches the members, as the backend; 400 and 413 for what does not fit', async () => {
    const session = await backend.createSession(1);
    const at = `/v1/relays/sessions/${session.session_id}/messages`;
    const client = await Client.join(running.socketUrl, pairOf(session));
    const message = { class: 'reliable', payload_base64: Buffer.from('hello').toString('base64') };
    const sent = await backend.native('POST', at, message);
    expect([sent.status, sent.body]).toEqual([200, { seq: 1, receivers: 1 }]);
    await client.expectEntries(1);
    expect([client.texts(), client.entries[0]?.sender]).toEqual([['hello'], 0xffff]);
    const far = await backend.native('POST', at, { ...message, targets: [client.index + 1] });
    expect([far.status, far.body]).toEqual([400, expect.objectContaining({ code: 'unknown_member' })]);
    const big = { ...message, payload_base64: Buffer.alloc(16_385).toString('base64') };
    expect((await backend.native('POST', at, big)).status).toBe(413);
    await client.leave();
  });

  it('NA6 a minted token opens a seat', async () => {
    const session = await backend.createSession(1);
    const token = await backend.mint(session.session_id, 'ann');
    const client = await Client.join(running.socketUrl, token);
    expect(client.welcome.you.user_id).toBe('ann');
    await client.leave();
  });

  it('NA7, NA8, NA9 the node lists itself, is alive and ready, and counts', async () => {
    const nodes = await backend.native('GET', '/v1/nodes');
    expect(nodes.body).toMatchObject({ nodes: [{ state: 'ready', public_url: running.url }] });
    expect((await backend.call('GET', '/healthz')).body).toEqual({ status: 'ok' });
    expect((await backend.call('GET', '/readyz')).body).toEqual({ status: 'ready' });
    const metrics = await backend.call('GET', '/metrics');
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(metrics.body).toContain('GET /healthz');
  });

  it('NA10 connect without an upgrade says what a handshake would meet', async () => {
    const session = await backend.createSession(1);
    const ask = (credential: string) => backend.call('GET', `/v1/connect?access_token=${credential}`);
    const good = await ask(pairOf(session));
    expect([good.status, good.headers.get('upgrade'), good.body]).toEqual([
      426,
      'websocket',
      expect.objectContaining({ code: 'upgrade_required' }),
    ]);
    expect((await ask('nonsense')).status).toBe(401);
    expect((await backend.call('GET', '/v1/connect')).status).toBe(401);
  });

  it('HT18 the document is served', async () => {
    const { body } = await backend.call('GET', '/openapi.json');
    expect(body).toMatchObject({ openapi: '3.1.0', info: { title: 'Sallyport' } });
  });
});
