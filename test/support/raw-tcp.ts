/** Bytes on a TCP connection, for what no well-behaved client would send. */
import { connect } from 'node:net';

/**
 * Sends `bytes` and gives everything that came back until the peer closed, or until the head of an answer with
 * `until` as its status is there. With 'reset' the connection is torn down as soon as the bytes are out.
 */
export function rawExchange(port: number, bytes: string | Uint8Array, until?: number | 'reset'): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const finish = (): void => {
      socket.destroy();
      resolve(text);
    };
    socket.on('connect', () => {
      socket.write(bytes, () => {
        if (until !== 'reset') return;
        socket.resetAndDestroy();
        resolve('');
      });
    });
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const isWhole = text.includes('\r\n\r\n');
      const bodyLength = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      const isAnswered = isWhole && text.length - text.indexOf('\r\n\r\n') - 4 >= bodyLength;
      if (isAnswered && (until === undefined || text.startsWith(`HTTP/1.1 ${String(until)} `))) finish();
    });
    socket.on('close', finish);
    socket.on('error', (error) => {
      if (text === '') reject(error);
      else finish();
    });
    socket.setTimeout(15_000, finish);
  });
}
