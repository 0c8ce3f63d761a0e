/** A process whose peer is gone without a word must not be kept alive by the SDK. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { welcome } from '../unit/client/fakes.js';

const PROGRAM = new URL('../support/half-open-client.mjs', import.meta.url).pathname;
const HANDSHAKE_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Welcomes, and then neither reads nor writes. */
function serveHalf(socket: Socket): void {
  socket.on('error', () => undefined);
  socket.once('data', (head) => {
    const [, key = ''] = /sec-websocket-key: (\S+)/i.exec(head.toString()) ?? [];
    const accept = createHash('sha1')
      .update(key + HANDSHAKE_GUID)
      .digest('base64');
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    const more = [`Sec-WebSocket-Accept: ${accept}`, 'Sec-WebSocket-Protocol: sallyport.v1', '', ''];
    const text = Buffer.from(JSON.stringify(welcome()));
    const length = Buffer.from([0x81, 126, text.length >> 8, text.length & 0xff]);
    socket.write(Buffer.concat([Buffer.from([...lines, ...more].join('\r\n')), length, text]));
    socket.pause();
  });
}

describe('a process with the SDK', () => {
  let server: Server;
  const sockets = new Set<Socket>();

  beforeAll(async () => {
    server = createServer((socket) => {
      sockets.add(socket);
      serveHalf(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('CL34 ends within a second of stop() on a half-open link', async () => {
    const url = `ws://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    // This says most on Node 22 and later, whose own WebSocket has no `terminate`.
    const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, url], { timeout: 20_000 });
    expect(Number(stdout)).toBeLessThan(1_000);
  });
});
