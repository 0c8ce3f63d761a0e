import { describe, expect, it } from 'vitest';
import { RelayClient } from '../../../src/client/client.js';
import { connectUrl } from '../../../src/client/address.js';
import { Bench, welcome } from './fakes.js';

describe('the handshake of the client', () => {
  it.each([
    ['https://relay.example', 'wss://relay.example/v1/connect'],
    ['http://127.0.0.1:8080/', 'ws://127.0.0.1:8080/v1/connect'],
    ['wss://relay.example/base/v1/connect?x=1', 'wss://relay.example/base/v1/connect?x=1'],
  ])('CL7 the URL %s is connected to as %s', (given, url) => {
    expect(connectUrl(given).href).toBe(url);
  });

  it('CL7 another URL is refused by the constructor', () => {
    expect(() => new RelayClient({ url: 'ftp://x', credential: '' })).toThrow(TypeError);
    expect(() => new RelayClient({ url: 'nowhere', credential: '' })).toThrow(TypeError);
  });

  it('CL7 the credential travels as a subprotocol, never in the URL', async () => {
    const bench = new Bench();
    await bench.admit();
    expect(bench.socket.url).toBe('ws://gateway.test/v1/connect');
    expect(bench.socket.protocols).toEqual(['sallyport.v1', 'bearer.credential']);
  });

  it('CL7 a credential function is called afresh for each connection that is not a resume, and again when it fails', async () => {
    let calls = 0;
    const bench = new Bench({
      credential: async () => {
        calls += 1;
        if (calls === 1) throw new Error('the backend is unavailable');
        return `credential-${String(calls)}`;
      },
    });
    await bench.timing.advance(0);
    expect(bench.told.disconnected).toMatchObject([
      { code: 1006, reason: 'credential_failed', willReconnectInMs: 250 },
    ]);
    await bench.timing.advance(250);
    expect(bench.socket.protocols[1]).toBe('bearer.credential-2');
    (await bench.admit()).closeWith(1006, '');
    await bench.timing.advance(1000);
    expect(bench.socket.protocols[1]).toBe('bearer.rt.token');
    expect(calls).toBe(2);
    // 30 s of resume window, and two heartbeats of 20 s: the gateway does not know the token any more.
    for (let failure = 0; bench.timing.nowMs() < 80_000; failure += 1) {
      await bench.fail();
      await bench.timing.advance(bench.told.disconnected.at(-1)?.willReconnectInMs ?? 0);
      const isUseful = bench.timing.nowMs() <= 250 + 70_000;
      expect(bench.socket.protocols[1] === 'bearer.rt.token', String(failure)).toBe(isUseful);
    }
    expect(bench.socket.protocols[1]).toBe(`bearer.credential-${String(calls)}`);
  });

  it('CL6 a refused handshake is asked about over HTTP, and its code ends the client', async () => {
    const bench = new Bench({ url: 'wss://gateway.test' });
    bench.refusal = { status: 403, code: 'banned' };
    await bench.fail();
    expect(bench.asked).toEqual([{ url: 'https://gateway.test/v1/connect', authorization: 'Bearer credential' }]);
    expect(bench.told.closed).toEqual([{ code: 1006, reason: 'banned', advice: 'never' }]);
    await expect(bench.client.connect()).rejects.toMatchObject({ code: 'banned' });
    expect(bench.timing.pending).toBe(0);
  });

  it.each([401, 403, 404])(
    'CL6 a resume that is refused with %i falls back to the credential, once',
    async (status) => {
      const bench = new Bench();
      (await bench.admit()).closeWith(4200, 'going_away');
      await bench.timing.advance(0);
      bench.refusal = { status, code: 'credential_invalid' };
      await bench.fail();
      expect(bench.told.disconnected.at(-1)).toMatchObject({ willReconnectInMs: 0 });
      await bench.timing.advance(0);
      expect(bench.socket.protocols[1]).toBe('bearer.credential');
      await bench.fail();
      expect(bench.told.closed).toMatchObject([{ reason: 'credential_invalid', advice: 'never' }]);
      expect(bench.sockets).toHaveLength(3);
    },
  );

  it.each([
    [409, undefined, 250],
    [429, '7', 7250],
    [503, '1', 1250],
    [503, 'Wed, 21 Oct 2026 07:28:00 GMT', 250],
    [500, undefined, 250],
  ])('CL6 %i with Retry-After %s is tried again after it', async (status, retryAfter, waitMs) => {
    const bench = new Bench();
    bench.refusal = { status, code: 'later', ...(retryAfter === undefined ? {} : { retryAfter }) };
    await bench.fail();
    expect(bench.told.disconnected).toEqual([{ code: 1006, reason: 'later', willReconnectInMs: waitMs }]);
    await bench.timing.advance(waitMs);
    expect(bench.sockets).toHaveLength(2);
  });

  it.each([426, null])('CL6 when the answer is %s the handshake is tried again with what it had', async (status) => {
    const bench = new Bench();
    (await bench.admit()).closeWith(4200, 'going_away');
    await bench.timing.advance(0);
    bench.refusal = status === null ? null : { status };
    await bench.fail();
    await bench.timing.advance(10_000);
    expect(bench.socket.protocols[1]).toBe('bearer.rt.token');
    expect(bench.client.state).toBe('reconnecting');
  });

  it('CL6 an attempt that hangs is given up after connectTimeoutMs', async () => {
    const bench = new Bench({ connectTimeoutMs: 500 });
    await bench.timing.advance(500);
    expect(bench.told.disconnected).toMatchObject([{ code: 1006, reason: 'timeout' }]);
    expect(bench.socket.wasTerminated).toBe(true);
    const hanging = new Bench({ connectTimeoutMs: 500, credential: () => new Promise<string>(() => undefined) });
    await hanging.timing.advance(500);
    expect(hanging.told.disconnected).toMatchObject([{ reason: 'timeout' }]);
  });

  it('CL3 a frame that is not of the protocol ends the connection, and the client resumes', async () => {
    for (const breakIt of [
      (bench: Bench) => bench.socket.text('{'),
      (bench: Bench) => bench.socket.text({ type: 'ack', ref: 'x' }),
      (bench: Bench) => bench.socket.text(welcome()),
      (bench: Bench) => bench.socket.bytes(Uint8Array.of(9)),
    ]) {
      const bench = new Bench();
      await bench.admit();
      breakIt(bench);
      expect(bench.told.disconnected).toEqual([{ code: 1002, reason: 'bad_frame', willReconnectInMs: 250 }]);
      await bench.timing.advance(250);
      expect(bench.socket.protocols[1]).toBe('bearer.rt.token');
    }
  });

  it('CL3 control frames and members of a newer gateway are ignored', async () => {
    const bench = new Bench();
    const socket = await bench.admit();
    socket.text({ type: 'constructor' });
    socket.text({ type: 'of.tomorrow', x: 1 });
    socket.text({ type: 'member.away', index: 1, since: 5 });
    expect(bench.told.memberAway).toMatchObject([{ index: 1, connected: false }]);
    expect(bench.client.state).toBe('open');
  });

  it('CL3 anything but a welcome as the first frame ends the connection', async () => {
    const bench = new Bench();
    await bench.timing.advance(0);
    bench.socket.open();
    bench.socket.text({ type: 'member.away', index: 1 });
    expect(bench.told.disconnected).toMatchObject([{ code: 1002, reason: 'bad_frame' }]);
    expect(bench.told.memberAway).toEqual([]);
  });
});
