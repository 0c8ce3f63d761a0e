/** The guard of outbound calls, with a real server, a real DNS server, and a canary that nobody may reach. */
import { once } from 'node:events';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOutbound, type OutboundOptions } from '../../src/adapters/outbound/outbound.js';
import { createGateway } from '../../src/gateway.js';
import { OutboundFailure, type OutboundAnswer, type OutboundCall } from '../../src/ports/outbound.js';
import { startDnsServer, type DnsServer } from '../support/dns-server.js';
import { FORBIDDEN_URLS } from '../support/forbidden-urls.js';
import { LOCALHOST_CERT, LOCALHOST_KEY } from '../support/localhost-tls.js';

const NEVER = new AbortController().signal;

describe('outbound calls', () => {
  let canary: ReturnType<typeof createServer>;
  let canaryPort = 0;
  let connections = 0;
  let dns: DnsServer;

  beforeAll(async () => {
    canary = createServer((socket: Socket) => {
      connections += 1;
      socket.destroy();
    });
    canary.listen(0, '::');
    await once(canary, 'listening');
    canaryPort = (canary.address() as AddressInfo).port;
    dns = await startDnsServer({
      'to-loopback.test': [['127.0.0.1']],
      'to-metadata.test': [['169.254.169.254']],
      'to-both.test': [['93.184.215.14', '127.0.0.1']],
      'to-zero.test': [['0.0.0.0']],
      'rebinding.test': [['127.0.0.2'], ['127.0.0.1']],
    });
  });

  afterAll(async () => {
    canary.close();
    await dns.stop();
  });

  const post = (options: Partial<OutboundOptions>, call: Partial<OutboundCall> & { readonly url: string }) =>
    createOutbound({ isDevelopment: false, isAllowed: () => false, ...options }).post({
      ...{ headers: {}, body: '{}', deadlineMs: 2_000, maxAnswerBytes: 1_000, signal: NEVER },
      ...call,
    });

  /** The fault, or the status when it was answered. */
  async function outcome(answer: Promise<OutboundAnswer>): Promise<string> {
    try {
      return String((await answer).status);
    } catch (error) {
      if (error instanceof OutboundFailure) return error.fault;
      throw error;
    }
  }

  it.each(FORBIDDEN_URLS)('OC1 (A13) refuses %s and connects to nothing', async (written) => {
    const before = connections;
    // The operating system resolves what is meant for it, the DNS server the names of the test.
    const isOfTest = written.includes('.test');
    const fault = await outcome(
      post(isOfTest ? { resolve: (name) => dns.resolve(name) } : {}, {
        url: written.replace('PORT', String(canaryPort)),
      }),
    );
    // Not every system knows the name with a dot at its end.
    const faults = /no-such-name|localhost\./.test(written) ? ['refused', 'unreachable'] : ['refused'];
    expect(faults).toContain(fault);
    expect(connections).toBe(before);
  });

  it('OC1 the control: without the guard the same canary is reached', async () => {
    const before = connections;
    const url = `https://to-loopback.test:${String(canaryPort)}`;
    await outcome(post({ isAllowed: () => true, resolve: (name) => dns.resolve(name) }, { url }));
    expect(connections).toBe(before + 1);
  });

  it.each(['https://93.184.215.14/', 'https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/', 'https://example.com:8443/'])(
    'OC1 allows the public target %s',
    (url) => {
      expect(createOutbound({ isDevelopment: false, isAllowed: () => false }).refusalOf(url)).toBeNull();
    },
  );

  it('OC5 a mail webhook that the settings refuse stops the start', async () => {
    const settings = {
      ...{ SALLYPORT_PORT: '0', SALLYPORT_LOG_LEVEL: 'silent', SALLYPORT_MAIL_WEBHOOK_URL: 'https://10.1.2.3/mails' },
      SALLYPORT_MAIL_WEBHOOK_SECRET: 'secret-of-the-mail-webhook-0123456789',
    };
    await expect(createGateway(settings)).rejects.toThrow(
      'SALLYPORT_MAIL_WEBHOOK_URL: refused: 10.1.2.3 is not an address of the public internet',
    );
    const gateway = await createGateway({ ...settings, SALLYPORT_OUTBOUND_ALLOW: '10.1.0.0/16' });
    await gateway.stop();
  });

  describe('to a server', () => {
    let server: Server;
    let url = '';
    let calls = 0;

    beforeAll(async () => {
      server = createHttpServer((request, response) => {
        calls += 1;
        if (request.url === '/redirect')
          response.writeHead(307, { location: `http://127.0.0.1:${String(canaryPort)}/` });
        else if (request.url === '/large') response.write('x'.repeat(2_000));
        else if (request.url === '/drip') response.write('x');
        if (request.url === '/drip' || request.url === '/silent') return;
        response.end(request.url === '/large' ? 'x' : JSON.stringify({ host: request.headers.host }));
      });
      server.listen(0, '127.0.0.2');
      await once(server, 'listening');
      url = `http://rebinding.test:${String((server.address() as AddressInfo).port)}`;
    });

    afterAll(() => {
      server.closeAllConnections();
      server.close();
    });

    it('OC2 (A13) goes to the address that was checked, though the name leads elsewhere by then', async () => {
      const allowed = { isDevelopment: true, isAllowed: () => false };
      const before = connections;
      const answer = await post({ ...allowed, resolve: (name) => dns.resolve(name) }, { url });
      expect(JSON.parse(answer.body)).toEqual({ host: new URL(url).host });
      expect([dns.asked.get('rebinding.test'), connections - before]).toEqual([1, 0]);
      // The control: a second question has another answer.
      expect(await dns.resolve('rebinding.test')).toEqual([{ address: '127.0.0.1', family: 4 }]);
    });

    it('OC3 follows no redirect: it is an answer like others', async () => {
      const before = connections;
      const to = url.replace('rebinding.test', '127.0.0.2');
      expect(await outcome(post({ isDevelopment: true }, { url: `${to}/redirect` }))).toBe('307');
      expect(connections).toBe(before);
    });

    it('OC4 ends a call at its deadline, and when its caller ends it', async () => {
      const to = url.replace('rebinding.test', '127.0.0.2');
      for (const path of ['/silent', '/drip']) {
        expect(await outcome(post({ isDevelopment: true }, { url: to + path, deadlineMs: 100 }))).toBe('timeout');
      }
      const caller = new AbortController();
      const call = outcome(post({ isDevelopment: true }, { url: `${to}/silent`, signal: caller.signal }));
      caller.abort();
      expect(await call).toBe('aborted');
      const never = (): Promise<never> => new Promise(() => undefined);
      expect(await outcome(post({ resolve: never }, { url: 'https://slow-name.test', deadlineMs: 50 }))).toBe(
        'timeout',
      );
    });

    it('OC4 reads no more of an answer than its caller wants', async () => {
      const to = url.replace('rebinding.test', '127.0.0.2');
      expect(await outcome(post({ isDevelopment: true }, { url: `${to}/large` }))).toBe('answer_too_large');
      expect(await outcome(post({ isDevelopment: true }, { url: `${to}/large`, maxAnswerBytes: 0 }))).toBe('200');
      expect(await outcome(post({ isDevelopment: true }, { url: `${to}/drip`, maxAnswerBytes: 0 }))).toBe('200');
    });

    it('OC5 calls an address of the operator only when the settings allow it', async () => {
      const before = calls;
      const secure = createHttpsServer({ key: LOCALHOST_KEY, cert: LOCALHOST_CERT }, (_request, response) => {
        calls += 1;
        response.end('{}');
      });
      secure.listen(0, '127.0.0.1');
      await once(secure, 'listening');
      const to = `https://localhost:${String((secure.address() as AddressInfo).port)}`;
      const options = { ca: LOCALHOST_CERT };
      expect(await outcome(post(options, { url: to }))).toBe('refused');
      expect(calls).toBe(before);
      const isAllowed = (address: string): boolean => ['127.0.0.1', '::1'].includes(address);
      expect(await outcome(post({ ...options, isAllowed }, { url: to }))).toBe('200');
      // Its certificate is of nobody that the system trusts.
      expect(await outcome(post({ isAllowed }, { url: to }))).toBe('unreachable');
      secure.closeAllConnections();
      secure.close();
    });
  });
});
