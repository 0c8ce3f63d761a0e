import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, pairOf } from '../support/backend.js';
import { STORES } from '../support/both-stores.js';
import { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';
import { maskedFrame, openRaw } from '../support/raw-tcp.js';

describe.each(STORES)('bad input on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let backend: Backend;

  beforeAll(async () => {
    running = await startGateway({ redisUrl: redisUrl() });
    backend = new Backend(running.url);
  });

  afterAll(() => running.stop());

  async function pair(): Promise<[Client, Client]> {
    const session = await backend.createSession(2);
    const a = await Client.join(running.socketUrl, pairOf(session, 0));
    return [a, await Client.join(running.socketUrl, pairOf(session, 1))];
  }

  /** Nothing reached the other, nobody left, and both still work. */
  async function expectUnchanged(a: Client, b: Client): Promise<void> {
    const [entries, controls] = [b.entries.length, b.controls.length];
    await a.settle();
    await b.settle();
    expect(b.entries).toHaveLength(entries);
    expect(b.controls.filter(({ type }) => type !== 'pong')).toHaveLength(controls);
    a.relay({ deliveryClass: 0, payload: 'still here' });
    await b.expectEntries(entries + 1);
  }

  it.each([
    ['nothing at all', '', 'truncated_frame'],
    ['an unknown op', '0900', 'unknown_op'],
    ['a batch, which only servers send', '02000000', 'unknown_op'],
    ['a reserved flag', '0120ff', 'reserved_flags'],
    ['another reserved flag', '0140ff', 'reserved_flags'],
    ['the last reserved flag', '0180ff', 'reserved_flags'],
    ['class 3', '0103ff', 'unknown_class'],
    ['no flags', '01', 'truncated_frame'],
    ['half a key', '010101', 'truncated_frame'],
    ['half a ref', '010a0101', 'truncated_frame'],
    ['fewer targets than promised', '0104020000', 'truncated_frame'],
  ])('BI1 a binary frame with %s (%s) is answered by %s and changes nothing', async (_name, hex, code) => {
    const [a, b] = await pair();
    a.sendBytes(Buffer.from(hex, 'hex'));
    expect(await a.expect('error')).toMatchObject({ type: 'error', code });
    await expectUnchanged(a, b);
  });

  it('BI2 a target that is no member is answered by unknown_member, and no target gets the entry', async () => {
    const [a, b] = await pair();
    a.relay({ deliveryClass: 2, ref: 3, targets: [b.index, 500], payload: 'x' });
    expect(await a.expect('error')).toMatchObject({ code: 'unknown_member', ref: 3 });
    await expectUnchanged(a, b);
    a.relay({ deliveryClass: 2, ref: 4, payload: 'y' });
    expect(await a.expect('ack')).toEqual({ type: 'ack', ref: 4, seq: 1 });
  });

  it.each([
    ['not JSON', 'hello', 'malformed_json'],
    ['half an object', '{"type":', 'malformed_json'],
    ['an array', '[1]', 'invalid_request'],
    ['no type', '{}', 'invalid_request'],
    ['an unknown type', '{"type":"teleport"}', 'unknown_type'],
    ['a type of the server', '{"type":"welcome"}', 'unknown_type'],
    ['a kick of no index', '{"type":"kick","index":"1"}', 'invalid_request'],
    ['a state that is too big', `{"type":"state","state":"${'x'.repeat(3000)}"}`, 'state_too_big'],
    ['a very deep state', `{"type":"state","state":${'['.repeat(900)}${']'.repeat(900)}}`, 'malformed_json'],
    ['a state as deep as it may be', `{"type":"state","state":${'['.repeat(63)}${']'.repeat(63)}}`, null],
    ['a prototype', '{"type":"state","state":{"__proto__":{"polluted":true}}}', null],
    ['a number of many digits', `{"type":"ping","t":${'9'.repeat(5000)}}`, 'invalid_request'],
  ])('BI3 a text frame that is %s is answered by name and changes nothing', async (_name, text, code) => {
    const [a, b] = await pair();
    a.say(text);
    if (code === null) {
      await a.settle();
      await b.expect('member.state');
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    } else {
      expect(await a.expect('error')).toMatchObject({ type: 'error', code });
    }
    await expectUnchanged(a, b);
  });

  it.each([
    ['a payload over max_message_bytes', 16385],
    ['a payload several times over it', 100_000],
  ])('BI4 %s closes the connection with 4005, by name, and reaches nobody', async (_name, size) => {
    const [a, b] = await pair();
    a.relay({ deliveryClass: 0, payload: new Uint8Array(size) });
    expect(await a.expectClosed()).toEqual({ code: 4005, reason: 'message_too_big' });
    expect(a.of('error')).toMatchObject([{ code: 'message_too_big' }]);
    await b.expect('member.away');
    expect(b.entries).toEqual([]);
  });

  it('BI4 a text frame over max_message_bytes closes the connection with 4005', async () => {
    const [a] = await pair();
    a.say({ type: 'state', state: 'x'.repeat(17_000) });
    expect(await a.expectClosed()).toEqual({ code: 4005, reason: 'message_too_big' });
  });

  it('BI5 a connection that keeps sending broken frames is closed 4004; unknown types alone never do that', async () => {
    const [a, b] = await pair();
    for (let n = 0; n < 40; n += 1) a.say({ type: 'from_the_future' });
    await a.expect('error', 40);
    await a.settle();
    for (let n = 0; n < 16; n += 1) a.sendBytes(Uint8Array.of(9));
    await a.expect('error', 56);
    await a.settle();
    a.sendBytes(Uint8Array.of(9));
    expect(await a.expectClosed()).toEqual({ code: 4004, reason: 'protocol_error' });
    await b.expect('member.away');
  });

  it('BI6 frames sent before the welcome: early ones are not served, those right behind the upgrade are', async () => {
    const session = await backend.createSession(2);
    const b = await Client.join(running.socketUrl, pairOf(session, 1));
    const port = Number(new URL(running.url).port);
    const head = [
      'GET /v1/connect HTTP/1.1',
      'Host: x',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      `Authorization: Bearer ${pairOf(session, 0)}`,
      '',
      '',
    ].join('\r\n');
    const frame = maskedFrame(2, Uint8Array.of(1, 0, 0x68, 0x69));
    // In the same segment as the handshake, before the server has answered it: nothing of it is relayed.
    const early = await openRaw(port, Buffer.concat([Buffer.from(head), frame]));
    await eventually(() => (early.isClosed || early.received.length > 0 ? null : 'nothing happened yet'));
    early.destroy();
    await b.settle();
    expect(b.entries).toEqual([]);
    // Once the 101 is there the member is in, and what it sends counts, read or not the welcome.
    const prompt = await openRaw(port, head);
    await eventually(() => (prompt.received.toString('latin1').includes('HTTP/1.1 101') ? null : 'no 101 yet'));
    prompt.write(frame);
    await b.expectEntries(1);
    expect(b.texts()).toEqual(['hi']);
    prompt.destroy();
  });
});
