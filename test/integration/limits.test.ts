import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, pairOf } from '../support/backend.js';
import { Client } from '../support/client.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';

describe('limits of a connection', () => {
  let running: RunningGateway;
  let backend: Backend;

  beforeAll(async () => {
    running = await startGateway({
      env: { SALLYPORT_MESSAGES_PER_S: '20', SALLYPORT_BYTES_PER_S: '5000', SALLYPORT_MAX_MESSAGE_BYTES: '2000' },
    });
    backend = new Backend(running.url);
  });

  afterAll(() => running.stop());

  async function pair(): Promise<[Client, Client]> {
    const session = await backend.createSession(2);
    const a = await Client.join(running.socketUrl, pairOf(session, 0));
    return [a, await Client.join(running.socketUrl, pairOf(session, 1))];
  }

  it('LM1 frames over the rate are refused by name with their ref, never queued', async () => {
    const [a, b] = await pair();
    for (let n = 1; n <= 60; n += 1) a.relay({ deliveryClass: 2, ref: n, payload: 'x' });
    await a.expect('error', 35);
    await b.expectEntries(20);
    const refused = a.of('error');
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['rate_limited']));
    const refs = [...refused.map(({ ref }) => ref), ...a.of('ack').map(({ ref }) => ref)];
    expect(new Set(refs).size).toBe(refs.length);
    expect(b.entries.length).toBeLessThan(26);
    expect(a.closed).toBeNull();
  });

  it('LM1 WF10 control frames over the rate are refused with their ref as well', async () => {
    const [a] = await pair();
    for (let n = 1; n <= 40; n += 1) a.say({ type: 'state', state: n, ref: n });
    for (let n = 1; n <= 5; n += 1) a.say({ type: 'state', state: n });
    await a.expect('error', 20);
    const refs = a.of('error').map(({ ref }) => ref);
    // The control: a frame without a ref is refused without one.
    expect(refs.slice(0, 2)).toEqual([expect.any(Number), expect.any(Number)]);
    expect(refs.at(-1)).toBeUndefined();
    expect(new Set(a.of('error').map(({ code }) => code))).toEqual(new Set(['rate_limited']));
  });

  it('LM1 bytes over the rate are refused as well', async () => {
    const [a, b] = await pair();
    for (let n = 1; n <= 4; n += 1) a.relay({ deliveryClass: 0, ref: n, payload: new Uint8Array(1900) });
    await a.expect('error');
    expect(a.of('error')[0]).toMatchObject({ code: 'rate_limited' });
    await b.expectEntries(2);
    expect(a.of('ack').length).toBeLessThan(4);
  });

  it('LM3 a connection that stays over its rate is closed 4100', async () => {
    const [a] = await pair();
    for (let n = 1; n <= 300; n += 1) a.relay({ deliveryClass: 0, payload: 'x' });
    expect(await a.expectClosed()).toEqual({ code: 4100, reason: 'rate_limited' });
    expect(a.of('error').length).toBeLessThanOrEqual(110);
  });

  it('LM7 a flood of pings is cut like one of frames', async () => {
    const [a] = await pair();
    for (let n = 0; n < 400; n += 1) a.socket.ping();
    expect(await a.expectClosed()).toEqual({ code: 4100, reason: 'rate_limited' });
  });

  it('LM4 the limits in force are in the welcome', async () => {
    const [a] = await pair();
    expect(a.welcome.limits).toEqual({ max_message_bytes: 2000, messages_per_s: 20, bytes_per_s: 5000 });
  });

  it('LM2 at 0 there is no limit', async () => {
    const free = await startGateway({
      env: { SALLYPORT_MESSAGES_PER_S: '0', SALLYPORT_BYTES_PER_S: '0', SALLYPORT_WORK_MS_PER_S: '0' },
    });
    try {
      const session = await new Backend(free.url).createSession(2);
      const a = await Client.join(free.socketUrl, pairOf(session, 0));
      const b = await Client.join(free.socketUrl, pairOf(session, 1));
      for (let n = 0; n < 5000; n += 1) a.relay({ deliveryClass: 0, payload: 'x' });
      await b.expectEntries(5000);
      expect(a.of('error')).toEqual([]);
    } finally {
      await free.stop();
    }
  });

  it('WF10 a control frame over a small max_message_bytes is refused with its ref', async () => {
    const [a] = await pair();
    a.say({ type: 'kick', index: 0, reason: 'x'.repeat(2100), ref: 7 });
    expect(await a.expectClosed()).toEqual({ code: 4005, reason: 'message_too_big' });
    expect(a.of('error')).toMatchObject([{ code: 'message_too_big', ref: 7 }]);
  });
});
