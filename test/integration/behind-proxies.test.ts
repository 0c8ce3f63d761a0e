/** A gateway behind real proxies: whose address it sees. */
import { afterEach, describe, expect, it } from 'vitest';
import { Backend, pairOf } from '../support/backend.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';
import { besiege, statusOfHandshake, type Siege } from '../support/handshakes.js';
import { httpCall } from '../support/http-call.js';
import { startHaproxy, startNginx, type Proxy } from '../support/proxies.js';
import { openRaw, rawExchange } from '../support/raw-tcp.js';
import { eventually } from '../support/eventually.js';

const TRUSTED = { SALLYPORT_TRUSTED_PROXIES: '127.0.0.1' };
const PROXY_PROTOCOL = { ...TRUSTED, SALLYPORT_PROXY_PROTOCOL: 'v2' };
/** Longer than the limit of failed handshakes takes to be reached: 50 at once, and 50 a second. */
const SIEGE_MS = 3500;

describe('behind a proxy', () => {
  const started: { stop(): Promise<void> }[] = [];

  afterEach(async () => {
    for (const each of started.splice(0).toReversed()) await each.stop();
  });

  async function gateway(env: Readonly<Record<string, string>>): Promise<RunningGateway> {
    const running = await startGateway({ env });
    started.push(running);
    return running;
  }

  async function behind(startProxy: (port: number) => Promise<Proxy>, env = {}): Promise<[RunningGateway, Proxy]> {
    const running = await gateway(env);
    const proxy = await startProxy(portOf(running));
    started.push(proxy);
    return [running, proxy];
  }

  /** Statuses of handshakes from 127.0.0.2, whose seat it is, and from 127.0.0.3. */
  async function seatOfOneAddress(running: RunningGateway, port: number): Promise<readonly [number, number]> {
    const backend = new Backend(running.url);
    const session = await backend.createSession(0, { users: [{ ip: '127.0.0.2' }], enforce_ip: true });
    const pair = pairOf(session);
    return [await statusOfHandshake(port, '127.0.0.3', pair), await statusOfHandshake(port, '127.0.0.2', pair)];
  }

  it.each([
    ['nginx', startNginx, TRUSTED],
    ['HAProxy', startHaproxy, TRUSTED],
    ['HAProxy with PROXY v2', (port: number) => startHaproxy(port, { server: 'send-proxy-v2' }), PROXY_PROTOCOL],
    [
      'HAProxy that passes bytes on, with PROXY v2',
      (port: number) => startHaproxy(port, { server: 'send-proxy-v2', mode: 'tcp' }),
      PROXY_PROTOCOL,
    ],
  ])('PX1, PX8 enforce_ip behind %s means the address of the client', async (_name, startProxy, env) => {
    const [running, proxy] = await behind(startProxy, env);
    expect(await seatOfOneAddress(running, proxy.port)).toEqual([403, 101]);
  });

  it('PX1 the control: without the setting it is the address of the proxy', async () => {
    const [running, proxy] = await behind(startNginx);
    expect(await seatOfOneAddress(running, proxy.port)).toEqual([403, 403]);
  });

  it('PX2 what a client writes into the headers changes nothing behind nginx and HAProxy', async () => {
    for (const startProxy of [startNginx, startHaproxy]) {
      const [running, proxy] = await behind(startProxy, TRUSTED);
      const session = await new Backend(running.url).createSession(0, { users: [{ ip: '1.2.3.4' }], enforce_ip: true });
      const answer = await httpCall(`${proxy.url}/v1/connect`, {
        method: 'GET',
        localAddress: '127.0.0.2',
        headers: {
          authorization: `Bearer ${pairOf(session)}`,
          'x-forwarded-for': '1.2.3.4, 127.0.0.1',
          forwarded: 'for=1.2.3.4',
        },
      });
      expect([answer.status, JSON.parse(answer.text)]).toMatchObject([403, { code: 'address_not_allowed' }]);
    }
  });

  it('PX6 80 bad handshakes a second of one client behind nginx cost another client nothing; the control', async () => {
    const limit = { SALLYPORT_FAILED_HANDSHAKES_PER_S: '50' };
    const run = async (env: Readonly<Record<string, string>>): Promise<Siege> => {
      const [running, proxy] = await behind(startNginx, { ...limit, ...env });
      const credential = pairOf(await new Backend(running.url).createSession(1));
      return besiege({ port: proxy.port, credential, forMs: SIEGE_MS, attackPerS: 80, victimPerS: 8 });
    };
    const [guarded, control] = await Promise.all([run(TRUSTED), run({})]);
    expect(guarded.attacker.get(429)).toBeGreaterThan(10);
    expect([...guarded.victim.keys()]).toEqual([101]);
    expect(control.victim.get(429)).toBeGreaterThan(0);
  });

  it('PX2 the headers of a client that is no proxy are not read', async () => {
    const running = await gateway({ SALLYPORT_TRUSTED_PROXIES: '127.0.0.9' });
    const session = await new Backend(running.url).createSession(0, { users: [{ ip: '127.0.0.1' }], enforce_ip: true });
    const ask = (localAddress: string, more: Record<string, string>) =>
      httpCall(`${running.url}/v1/connect`, {
        method: 'GET',
        localAddress,
        headers: { authorization: `Bearer ${pairOf(session)}`, ...more },
      }).then(({ status }) => status);
    const forged = { 'x-forwarded-for': '127.0.0.1' };
    expect(await ask('127.0.0.1', { 'x-forwarded-for': '1.2.3.4', forwarded: '"' })).toBe(426);
    expect(await ask('127.0.0.2', forged)).toBe(403);
    // The control: the same header from the proxy.
    expect(await ask('127.0.0.9', forged)).toBe(426);
  });

  it('PX4 headers of a proxy that contradict each other are answered 400, and the connection ends', async () => {
    const running = await gateway(TRUSTED);
    const ask = (headers: string) =>
      rawExchange(portOf(running), `GET /healthz HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`);
    const ambiguous = /^HTTP\/1\.1 400 [^]*connection: close[^]*"ambiguous_request"/i;
    expect(await ask('X-Forwarded-For: 1.2.3.4\r\nForwarded: for=5.6.7.8')).toMatch(ambiguous);
    expect(await ask('Forwarded: for="1.2.3.4, for=5.6.7.8')).toMatch(ambiguous);
    expect(await ask('X-Forwarded-For: 1.2.3.4, 5.6.7.8\r\nForwarded: for=5.6.7.8')).toMatch(/^HTTP\/1\.1 200 /);
    // Two lines of one header are one list.
    expect(await ask('X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\nForwarded: for=5.6.7.8')).toMatch(
      /^HTTP\/1\.1 200 /,
    );
  });

  it('PX8 a PROXY header counts on a connection of a trusted proxy only, and once', async () => {
    const running = await gateway(PROXY_PROTOCOL);
    const session = await new Backend(running.url).createSession(0, { users: [{ ip: '192.0.2.1' }], enforce_ip: true });
    const ask = `GET /v1/connect HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${pairOf(session)}\r\n\r\n`;
    const port = portOf(running);
    expect(await rawExchange(port, withProxyHeader(1, ask))).toMatch(/^HTTP\/1\.1 426 /);
    expect(await rawExchange(port, withProxyHeader(2, ask))).toMatch(/^HTTP\/1\.1 403 /);
    // A proxy's own connection, and one without a header: the address is the proxy's.
    expect(await rawExchange(port, ask)).toMatch(/^HTTP\/1\.1 403 /);

    // A client behind a proxy that passes bytes on sends a header of its own before its second request.
    const client = await openRaw(port, withProxyHeader(2, ask));
    await eventually(() => (client.received.includes('"address_not_allowed"') ? null : 'no first answer'));
    client.write(withProxyHeader(1, ask));
    await eventually(() => (client.isClosed ? null : 'the connection is open'));
    expect(client.received.toString('latin1').split('HTTP/1.1 ')).toHaveLength(2);
    // The same with both in one piece, and after an answer without a body.
    const both = await openRaw(port, Buffer.concat([withProxyHeader(2, ask), withProxyHeader(1, ask)]));
    await eventually(() => (both.isClosed ? null : 'the connection is open'));
    expect(both.received.toString('latin1')).not.toContain('426');
    const head = await openRaw(port, withProxyHeader(2, 'HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n'));
    await eventually(() => (head.received.includes('\r\n\r\n') ? null : 'no first answer'));
    head.write(withProxyHeader(1, ask));
    await eventually(() => (head.isClosed ? null : 'the connection is open'));
    expect(head.received.toString('latin1').split('HTTP/1.1 ')).toHaveLength(2);
  });

  it('PX8 without the setting, and from a peer that is no proxy, the header changes nothing', async () => {
    for (const env of [TRUSTED, { ...PROXY_PROTOCOL, SALLYPORT_TRUSTED_PROXIES: '127.0.0.9' }]) {
      const running = await gateway(env);
      const session = await new Backend(running.url).createSession(0, {
        users: [{ ip: '127.0.0.1' }],
        enforce_ip: true,
      });
      const ask = `GET /v1/connect HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${pairOf(session)}\r\n\r\n`;
      expect(await rawExchange(portOf(running), withProxyHeader(1, ask))).toMatch(/^HTTP\/1\.1 426 /);
    }
  });
});

function portOf({ url }: RunningGateway): number {
  return Number(new URL(url).port);
}

/** The header of a proxy for a client at 192.0.2.x. */
function withProxyHeader(lastByte: number, request: string): Buffer {
  const head = Buffer.from('0d0a0d0a000d0a515549540a2111000cc0000200c000020200500050', 'hex');
  head[19] = lastByte;
  return Buffer.concat([head, Buffer.from(request)]);
}
