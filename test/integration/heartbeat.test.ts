import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, pairOf, type RelaySessionAnswer } from '../support/backend.js';
import { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';
import { openRaw } from '../support/raw-tcp.js';

/** A close frame of a server: FIN and opcode 8, no mask, the code, the reason. */
function hasCloseFrame(received: Buffer, code: number, reason: string): boolean {
  const body = Buffer.concat([Uint8Array.of(code >>> 8, code & 0xff), Buffer.from(reason)]);
  return received.includes(Buffer.concat([Uint8Array.of(0x88, body.length), body]));
}

describe('silence', () => {
  let running: RunningGateway;
  let session: RelaySessionAnswer;

  beforeAll(async () => {
    running = await startGateway({ env: { SALLYPORT_HEARTBEAT_MS: '1000', SALLYPORT_HEARTBEAT_TIMEOUT_MS: '1000' } });
    session = await new Backend(running.url).createSession(3);
  });

  afterAll(() => running.stop());

  const handshake = (credential: string): string =>
    [
      'GET /v1/connect HTTP/1.1',
      'Host: x',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      `Authorization: Bearer ${credential}`,
      '',
      '',
    ].join('\r\n');

  it('LM6 a client that only answers pings stays; one that drips a frame, and one that answers nothing, are closed 4202', async () => {
    const port = Number(new URL(running.url).port);
    const quiet = await Client.join(running.socketUrl, pairOf(session, 0));
    let pings = 0;
    quiet.socket.on('ping', () => (pings += 1));
    const deaf = await openRaw(port, handshake(pairOf(session, 1)));
    const dripping = await openRaw(port, handshake(pairOf(session, 2)));
    await eventually(() => (dripping.received.includes('101') ? null : 'not connected'));
    // 16,000 bytes, one each poll: it would take minutes.
    const frame = Buffer.concat([Uint8Array.of(0x82, 0xfe, 0x3e, 0x80, 0, 0, 0, 0), new Uint8Array(16_000)]);
    let dripped = 0;
    await eventually(() => {
      dripping.write(frame.subarray(dripped, dripped + 1));
      dripped += 1;
      return hasCloseFrame(dripping.received, 4202, 'heartbeat_timeout') ? null : `${String(dripped)} bytes dripped`;
    }, 10_000);
    await eventually(
      () => (hasCloseFrame(deaf.received, 4202, 'heartbeat_timeout') ? null : 'deaf one still open'),
      10_000,
    );
    expect(quiet.closed).toBeNull();
    expect(pings).toBeGreaterThan(0);
    await quiet.settle();
    deaf.destroy();
    dripping.destroy();
  });
});
