/**
 * Whether the loaded engine reads the PROXY protocol. All builds have the call that returns the address, also those
 * that were compiled without the parser. So this sends a header to an app of the engine, once at start.
 */
import { connect } from 'node:net';
import type { Engine, ListenSocket } from './engine.js';

const DEADLINE_MS = 2000;
/** 192.0.2.1 to 192.0.2.2, TCP over IPv4. */
const HEADER = Buffer.from('0d0a0d0a000d0a515549540a2111000cc0000201c000020200500050', 'hex');
const CLIENT = 'c0000201';
const REQUEST = 'GET / HTTP/1.1\r\nHost: probe\r\n\r\n';

export async function engineReadsProxyProtocol(engine: Engine): Promise<boolean> {
  const app = engine.App();
  app.any('/*', (res) => {
    res.end(Buffer.from(res.getProxiedRemoteAddress()).toString('hex'));
  });
  try {
    const socket = await new Promise<ListenSocket | false>((resolve) => {
      app.listen('127.0.0.1', 0, 1, resolve);
    });
    if (socket === false) return false;
    return (await ask(engine.us_socket_local_port(socket))).endsWith(CLIENT);
  } finally {
    app.close();
  }
}

/** The answer, or what came of it until the engine closed the connection. */
function ask(port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.concat([HEADER, Buffer.from(REQUEST)])));
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part;
      if (text.endsWith(CLIENT)) socket.destroy();
    });
    socket
      .on('error', () => undefined)
      .on('close', () => {
        resolve(text);
      });
    socket.setTimeout(DEADLINE_MS, () => socket.destroy());
  });
}
