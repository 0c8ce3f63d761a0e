import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Bench } from './fakes.js';

describe('the client reconnects', () => {
  it.each([
    [1000, 'left', 'done'],
    [4000, 'session_ended', 'never'],
    [4001, 'kicked', 'never'],
    [4003, 'replaced', 'never'],
    [4099, 'of a newer gateway', 'never'],
  ])('CL4 %i %s ends the client for good', async (code, reason, advice) => {
    const bench = new Bench();
    (await bench.admit()).closeWith(code, reason);
    await bench.timing.advance(600_000);
    expect(bench.told.disconnected).toEqual([{ code, reason, willReconnectInMs: null }]);
    expect(bench.told.closed).toEqual([{ code, reason, advice }]);
    expect(bench.sockets).toHaveLength(1);
    expect(bench.client.state).toBe('closed');
    expect(bench.timing.pending).toBe(0);
    await expect(bench.client.connect()).resolves.toBeUndefined();
  });

  it.each([
    [4100, 'rate_limited', 1000],
    [4103, 'store_unavailable', 1000],
    [4200, 'going_away', 0],
    [4202, 'heartbeat_timeout', 0],
    [1006, '', 250],
    [1001, 'proxy', 250],
  ])('CL4 after %i %s the client is back within its wait', async (code, reason, waitMs) => {
    const bench = new Bench();
    (await bench.admit()).closeWith(code, reason);
    expect(bench.told.disconnected).toEqual([{ code, reason, willReconnectInMs: waitMs }]);
    expect(bench.client.state).toBe('reconnecting');
    await bench.timing.advance(waitMs);
    expect(bench.sockets).toHaveLength(2);
    expect(bench.socket.protocols).toEqual(['sallyport.v1', 'bearer.rt.token']);
    expect(new URL(bench.socket.url).searchParams.get('seq')).toBe('0');
    await bench.admit({ recovered: true });
    expect(bench.told.open.at(-1)).toEqual({ resumed: true, recovered: true });
  });

  it('CL5 waits are drawn from twice as much after each failure, up to the cap', async () => {
    const bench = new Bench({ reconnect: { baseMs: 100, capMs: 1500 } });
    for (let failure = 0; failure < 7; failure += 1) {
      await bench.fail();
      await bench.timing.advance(bench.told.disconnected.at(-1)?.willReconnectInMs ?? 0);
    }
    expect(bench.told.disconnected.map((event) => event.willReconnectInMs)).toEqual([
      100, 200, 400, 800, 1500, 1500, 1500,
    ]);
    bench.timing.chance = 0.1;
    await bench.fail();
    expect(bench.told.disconnected.at(-1)?.willReconnectInMs).toBe(150);
  });

  it('CL5 a connection that lived a second ends the run of failures, a shorter one does not', async () => {
    const bench = new Bench();
    const waits = (): number => bench.told.disconnected.at(-1)?.willReconnectInMs ?? NaN;
    for (const [livedMs, waitMs] of [
      [0, 250],
      [999, 500],
      [10, 1000],
      [1000, 250],
    ] as const) {
      const socket = await bench.admit();
      await bench.timing.advance(livedMs);
      socket.closeWith(1006, '');
      expect(waits()).toBe(waitMs);
      await bench.timing.advance(waitMs);
    }
  });

  it('CL5 a gateway that closes with 42xx at once, again and again, is not hammered', async () => {
    const bench = new Bench();
    const waits: (number | null | undefined)[] = [];
    for (let n = 0; n < 4; n += 1) {
      (await bench.admit()).closeWith(4200, 'going_away');
      waits.push(bench.told.disconnected.at(-1)?.willReconnectInMs);
      await bench.timing.advance(waits.at(-1) ?? 0);
    }
    expect(waits).toEqual([0, 500, 1000, 2000]);
  });

  it('CL5 after maxElapsedMs without a connection the client gives up', async () => {
    const bench = new Bench({ reconnect: { maxElapsedMs: 1000 } });
    for (let n = 0; n < 3; n += 1) {
      await bench.fail();
      await bench.timing.advance(bench.told.disconnected.at(-1)?.willReconnectInMs ?? 0);
    }
    expect(bench.told.closed).toEqual([{ code: 1006, reason: 'gave_up', advice: 'back_off' }]);
    await expect(bench.client.connect()).rejects.toMatchObject({ code: 'gave_up' });
  });

  it('CL20 goaway: the client reconnects when it said, to the URL it named, closed by the gateway or not', async () => {
    const bench = new Bench();
    const first = await bench.admit();
    first.text({ type: 'goaway', reason: 'drain', after_ms: 300, url: 'ws://other.test' });
    expect(bench.told.goaway).toEqual([{ reason: 'drain', afterMs: 300 }]);
    await bench.timing.advance(100);
    first.closeWith(4200, 'going_away');
    expect(bench.told.disconnected).toEqual([{ code: 4200, reason: 'going_away', willReconnectInMs: 200 }]);
    await bench.timing.advance(200);
    expect(bench.socket.url).toBe('ws://other.test/v1/connect?seq=0');
    const second = await bench.admit();
    await bench.timing.advance(1000);
    second.text({ type: 'goaway', reason: 'drain', after_ms: 300 });
    await bench.timing.advance(300);
    expect(second.readyState).toBe(3);
    expect(bench.sockets).toHaveLength(3);
    expect(bench.socket.url).toBe('ws://gateway.test/v1/connect?seq=0');
  });

  it('DR10 before a move to a new home, new frames wait for it, and answers to the last ones are waited for', async () => {
    const bench = new Bench();
    const first = await bench.admit();
    const answered = bench.client.send('a', { class: 'reliable', ack: true });
    const before = first.sent.length;
    first.text({ type: 'goaway', reason: 'shutdown', after_ms: 200, url: 'ws://other.test' });
    expect(bench.client.send('b', { class: 'reliable' })).toBe('sent');
    await bench.timing.advance(150);
    expect(bench.client.send('c', { class: 'reliable' })).toBe('queued');
    expect(first.sent).toHaveLength(before + 1);
    await bench.timing.advance(100);
    expect(first.readyState).toBe(1);
    first.text({ type: 'ack', ref: 1, seq: 7 });
    await expect(answered).resolves.toBe(7);
    await bench.timing.advance(10);
    expect(first.readyState).toBe(3);
    await bench.timing.advance(0);
    expect(bench.socket.url).toContain('other.test');
    const second = await bench.admit();
    expect(second.sent).toHaveLength(1);
    // Without an answer the client moves all the same.
    const unknown = bench.client.send('d', { class: 'reliable', ack: true });
    second.text({ type: 'goaway', reason: 'shutdown', after_ms: 50, url: 'ws://third.test' });
    const rejected = expect(unknown).rejects.toMatchObject({ code: 'unknown_outcome' });
    await bench.timing.advance(1_100);
    await rejected;
    await bench.timing.advance(1000);
    expect(bench.socket.url).toContain('third.test');
  });

  it('CL20 a kick that crosses the move ends the client all the same', async () => {
    const bench = new Bench();
    const socket = await bench.admit();
    socket.answersClose = false;
    socket.text({ type: 'goaway', reason: 'drain', after_ms: 10 });
    await bench.timing.advance(10);
    expect(socket.readyState).toBe(2);
    socket.closeWith(4001, 'kicked');
    expect(bench.told.closed).toEqual([{ code: 4001, reason: 'kicked', advice: 'never' }]);
  });

  it('CL20 when the URL that goaway named does not work, the configured one is next', async () => {
    const bench = new Bench();
    const first = await bench.admit();
    first.text({ type: 'goaway', reason: 'drain', after_ms: 0, url: 'ws://other.test' });
    await bench.timing.advance(0);
    expect(bench.socket.url).toContain('other.test');
    await bench.fail();
    await bench.timing.advance(10_000);
    expect(bench.socket.url).toContain('gateway.test');
  });
});

describe('the client follows its session', () => {
  const ELSEWHERE = { status: 503, code: 'home_elsewhere', url: 'ws://home.test/v1/connect', retryAfter: '1' };
  const hosts = (bench: Bench): string[] => bench.sockets.map(({ url }) => new URL(url).host);

  it('CL24 to the home that a refusal names, at once, and stays with it after a lost link', async () => {
    const bench = new Bench();
    bench.refusal = ELSEWHERE;
    await bench.fail();
    expect(bench.told.disconnected.at(-1)).toMatchObject({ reason: 'home_elsewhere', willReconnectInMs: 0 });
    await bench.timing.advance(0);
    (await bench.admit()).closeWith(1006, '');
    await bench.timing.advance(250);
    expect(hosts(bench)).toEqual(['gateway.test', 'home.test', 'home.test']);
  });

  it('CL24 and back to its own URL when the home does not answer', async () => {
    const bench = new Bench();
    bench.refusal = ELSEWHERE;
    await bench.fail();
    bench.refusal = null;
    await bench.timing.advance(0);
    await bench.fail();
    await bench.timing.advance(10_000);
    expect(hosts(bench)).toEqual(['gateway.test', 'home.test', 'gateway.test']);
  });

  it('FO6 a home where nothing answers costs one short wait, and is not followed to again at once', async () => {
    const bench = new Bench();
    const waits = (): (number | null)[] => bench.told.disconnected.map(({ willReconnectInMs }) => willReconnectInMs);
    bench.refusal = ELSEWHERE;
    await bench.fail();
    await bench.timing.advance(0);
    (await bench.admit()).closeWith(1006, '');
    await bench.timing.advance(250);
    // The link to the home is lost, and so is the home. The gateway still names it.
    bench.refusal = null;
    await bench.fail();
    expect(waits().slice(1)).toEqual([250, 250]);
    await bench.timing.advance(250);
    bench.refusal = ELSEWHERE;
    await bench.fail();
    expect(hosts(bench)).toEqual(['gateway.test', 'home.test', 'home.test', 'gateway.test']);
    expect(waits().at(-1)).toBe(1_500);
    await bench.timing.advance(1_500);
    expect(hosts(bench).at(-1)).toBe('gateway.test');
    // The control: two seconds later a gateway that names it is believed.
    await bench.timing.advance(500);
    await bench.fail();
    expect(waits().at(-1)).toBe(0);
  });

  it('FO6 a frozen home, which accepts and says nothing, is left after five seconds', async () => {
    const bench = new Bench();
    bench.refusal = ELSEWHERE;
    await bench.fail();
    await bench.timing.advance(0);
    bench.refusal = null;
    await turn();
    bench.socket.open();
    await bench.timing.advance(4_999);
    expect(hosts(bench)).toEqual(['gateway.test', 'home.test']);
    await bench.timing.advance(1 + 250);
    expect(hosts(bench)).toEqual(['gateway.test', 'home.test', 'gateway.test']);
    // The control: the configured URL has its whole time.
    bench.socket.open();
    await bench.timing.advance(5_001);
    expect(hosts(bench)).toHaveLength(3);
  });

  it('CL24 nodes that name each other are asked three times at once, then with pauses', async () => {
    const bench = new Bench();
    bench.refusal = ELSEWHERE;
    for (let i = 0; i < 5; i += 1) {
      await bench.fail();
      await bench.timing.advance(bench.told.disconnected.at(-1)?.willReconnectInMs ?? 0);
    }
    const waits = bench.told.disconnected.map(({ willReconnectInMs }) => willReconnectInMs ?? 0);
    expect(waits.slice(0, 3)).toEqual([0, 0, 0]);
    expect(Math.min(...waits.slice(3))).toBeGreaterThanOrEqual(1_000);
  });

  it.each(['ws://home.test', 'http://home.test', 'ftp://home.test', 'nonsense'])(
    'CL24 but not from TLS to %s',
    async (url) => {
      const bench = new Bench({ url: 'wss://gateway.test' });
      bench.refusal = { ...ELSEWHERE, url };
      await bench.fail();
      await bench.timing.advance(10_000);
      expect(hosts(bench)).toEqual(['gateway.test', 'gateway.test']);
      (await bench.admit()).text({ type: 'goaway', reason: 'drain', after_ms: 0, url });
      await bench.timing.advance(1_000);
      expect(hosts(bench)).toEqual(['gateway.test', 'gateway.test', 'gateway.test']);
    },
  );

  it('CL25 a URL function is called afresh for each attempt, also after it has failed', async () => {
    const answers: (() => string)[] = [
      () => 'ws://one.test',
      () => {
        throw new Error('no address yet');
      },
      () => 'not a URL',
    ];
    let calls = 0;
    const bench = new Bench({
      url: () => {
        calls += 1;
        return (answers.shift() ?? (() => 'https://two.test'))();
      },
    });
    await bench.fail();
    await bench.timing.advance(2_000);
    await bench.admit();
    expect(hosts(bench)).toEqual(['one.test', 'two.test']);
    expect(bench.told.disconnected.map(({ reason }) => reason)).toEqual(['unreachable', 'url_failed', 'url_failed']);
    expect(calls).toBe(4);
  });
});
