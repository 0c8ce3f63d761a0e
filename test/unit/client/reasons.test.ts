/** The client says why it cannot connect, and tries where that may help. */
import { afterEach, describe, expect, it } from 'vitest';
import { connectUrl, withParameter } from '../../../src/client/address.js';
import type { RelayError } from '../../../src/client/relay-error.js';
import { RelayClient } from '../../../src/client/client.js';
import { Bench } from './fakes.js';

async function failure(client: RelayClient): Promise<RelayError> {
  return client.connect().then(
    () => expect.unreachable(),
    (error: unknown) => error as RelayError,
  );
}

describe('why there is no connection', () => {
  it('CL26 the first connect has a deadline over all attempts', async () => {
    const bench = new Bench({ firstConnectTimeoutMs: 5_000 });
    for (let n = 0; n < 3; n += 1) {
      await bench.fail();
      await bench.timing.advance(1_000);
    }
    expect(bench.told.closed).toEqual([]);
    await bench.timing.advance(5_000);
    expect(bench.told.closed).toMatchObject([{ reason: 'gave_up', advice: 'back_off' }]);
    const error = await failure(bench.client);
    expect([error.code, error.cause]).toEqual(['gave_up', expect.objectContaining({ code: 'unreachable' })]);
    expect(bench.timing.pending).toBe(0);
  });

  it('CL26 also when the first attempt hangs; the control, a client that was connected, goes on', async () => {
    const hanging = new Bench({ connectTimeoutMs: 60_000 });
    await hanging.timing.advance(30_000);
    expect((await failure(hanging.client)).cause).toMatchObject({ code: 'timeout' });
    const control = new Bench();
    const socket = await control.admit();
    socket.closeWith(1006, '');
    await control.timing.advance(60_000);
    expect(control.told.closed).toEqual([]);
  });

  it('CL27 the credential function names its own error everywhere', async () => {
    const lobby = new Error('lobby_is_closed');
    const bench = new Bench({ credential: () => Promise.reject(lobby), firstConnectTimeoutMs: 1_000 });
    await bench.timing.advance(1_000);
    expect(bench.told.disconnected[0]).toMatchObject({ reason: 'credential_failed', cause: lobby });
    expect(bench.told.closed).toMatchObject([{ reason: 'gave_up', cause: lobby }]);
    expect((await failure(bench.client)).cause).toBe(lobby);
  });

  it('CL27 so do the url function, and a credential that is no text', async () => {
    const dns = new Error('no region is near');
    const url = new Bench({ url: () => Promise.reject(dns) });
    await url.timing.advance(0);
    expect(url.told.disconnected).toMatchObject([{ reason: 'url_failed', cause: dns }]);
    const credential = new Bench({ credential: (() => ({ token: 'x' })) as unknown as () => string });
    await credential.timing.advance(0);
    expect(credential.told.disconnected[0]?.cause).toEqual(new TypeError('credential: expected a string, got Object'));
    expect(credential.sockets).toEqual([]);
  });

  it.each([
    { status: 404 },
    { status: 403, code: 'blocked_by_firewall' },
    { status: 401 },
    { status: 407 },
    { status: 400, code: 'not_a_code' },
  ])('CL6 $status with the code $code is not the gateway speaking, and is tried again', async (refusal) => {
    const bench = new Bench();
    bench.refusal = refusal;
    await bench.fail();
    expect(bench.told.disconnected).toMatchObject([{ reason: refusal.code ?? `http_${refusal.status}` }]);
    await bench.timing.advance(250);
    expect(bench.sockets).toHaveLength(2);
    expect(bench.told.closed).toEqual([]);
  });

  it('CL6 a resume token survives a page of a proxy; the control, a refusal of the gateway, ends it', async () => {
    for (const [code, isResumed] of [
      [undefined, true],
      ['credential_invalid', false],
    ] as const) {
      const bench = new Bench();
      (await bench.admit()).closeWith(4200, 'going_away');
      await bench.timing.advance(0);
      bench.refusal = code === undefined ? { status: 404 } : { status: 401, code };
      await bench.fail();
      await bench.timing.advance(250);
      expect(bench.socket.protocols.includes('bearer.rt.token')).toBe(isResumed);
    }
  });

  it('CL33 waits are shown in whole milliseconds', async () => {
    const bench = new Bench();
    bench.timing.chance = 1 / 3;
    await bench.fail();
    expect(bench.told.disconnected).toMatchObject([{ willReconnectInMs: 83 }]);
  });

  it('CL35 a failed attempt leads to the next URL of a list', async () => {
    const bench = new Bench({ url: ['ws://a.test', 'https://b.test'] });
    for (const url of ['ws://a.test/v1/connect', 'wss://b.test/v1/connect', 'ws://a.test/v1/connect']) {
      await bench.timing.advance(0);
      expect(bench.socket.url).toBe(url);
      await bench.fail();
      await bench.timing.advance(10_000);
    }
    expect(() => new RelayClient({ url: [], credential: '' })).toThrow(TypeError);
    expect(() => new RelayClient({ url: ['ws://a.test', 'ftp://b'], credential: '' })).toThrow(TypeError);
  });

  it('CL35 a parameter is set once, beside others', () => {
    const at = connectUrl('ws://a.test/x?seq=3&b=2#f');
    expect(withParameter(at, 'seq', '7').href).toBe('ws://a.test/x?b=2&seq=7');
  });
});

describe('what happens around the client', () => {
  const hadListeners = ['addEventListener', 'removeEventListener', 'document'] as const;
  afterEach(() => {
    for (const name of hadListeners) Reflect.deleteProperty(globalThis, name);
  });

  it('CL31 online and a visible page end a wait and check the link; stop removes the listeners', async () => {
    const page = Object.assign(new EventTarget(), { visibilityState: 'hidden' });
    const window = new EventTarget();
    const listening = new Set<unknown>();
    Reflect.set(globalThis, 'document', page);
    Reflect.set(globalThis, 'addEventListener', (type: string, listener: () => void) => {
      listening.add(listener);
      window.addEventListener(type, listener);
    });
    Reflect.set(globalThis, 'removeEventListener', (type: string, listener: () => void) => {
      listening.delete(listener);
      window.removeEventListener(type, listener);
    });
    const bench = new Bench({ reconnect: { baseMs: 4_000 } });
    await bench.fail();
    page.dispatchEvent(new Event('visibilitychange'));
    bench.timing.chance = 0;
    await bench.timing.advance(0);
    expect(bench.sockets).toHaveLength(1);
    window.dispatchEvent(new Event('online'));
    await bench.timing.advance(0);
    expect(bench.sockets).toHaveLength(2);
    const socket = await bench.admit();
    window.dispatchEvent(new Event('offline'));
    expect(socket.controls).toEqual([{ type: 'ping', t: 0 }]);
    await bench.timing.advance(5_000);
    expect(bench.told.disconnected.at(-1)).toMatchObject({ reason: 'heartbeat_timeout' });
    page.visibilityState = 'visible';
    page.dispatchEvent(new Event('visibilitychange'));
    await bench.timing.advance(0);
    expect(bench.sockets).toHaveLength(3);
    await bench.client.stop();
    expect(listening.size).toBe(0);
  });

  it("CL31 React Native's AppState does the same, and a wait that the gateway asked for goes on", async () => {
    let tell: (state: string) => void = () => undefined;
    let isRemoved = false;
    const remove = (): void => {
      isRemoved = true;
    };
    const appState = {
      addEventListener: (_type: 'change', listener: (state: string) => void) => {
        tell = listener;
        return { remove };
      },
    };
    const bench = new Bench({ appState });
    bench.refusal = { status: 429, code: 'too_many_requests', retryAfter: '7' };
    await bench.fail();
    tell('active');
    await bench.timing.advance(6_999);
    expect(bench.sockets).toHaveLength(1);
    await bench.timing.advance(251);
    expect(bench.sockets).toHaveLength(2);
    await bench.client.stop();
    expect(isRemoved).toBe(true);
  });

  it('CL30 a late tick asks again; the link goes on when the answer comes, and is given up when none does', async () => {
    for (const isAnswered of [true, false]) {
      const bench = new Bench();
      const socket = await bench.admit();
      await bench.timing.advance(10_000);
      expect(socket.controls).toHaveLength(1);
      bench.timing.freeze(60_000);
      await bench.timing.advance(0);
      expect(bench.told.disconnected).toEqual([]);
      expect(socket.controls).toHaveLength(2);
      if (isAnswered) socket.text({ type: 'pong', t: 0 });
      await bench.timing.advance(5_000);
      expect(bench.told.disconnected).toHaveLength(isAnswered ? 0 : 1);
    }
  });

  it('CL30 a deadline that comes late leaves a second for what has arrived', async () => {
    const bench = new Bench();
    await bench.timing.advance(0);
    bench.timing.freeze(60_000);
    await bench.timing.advance(999);
    expect(bench.told.disconnected).toEqual([]);
    await bench.admit();
    expect(bench.client.state).toBe('open');
  });
});
