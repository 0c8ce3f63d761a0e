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

/** Sends `bytes`, closes when something comes back, and gives what the first read found: one write arrives whole. */
export function firstRead(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.once('data', (chunk: Buffer) => {
      socket.destroy();
      resolve(chunk.toString('latin1'));
    });
    socket.once('error', reject);
  });
}

export interface RawConnection {
  readonly received: Buffer;
  readonly isClosed: boolean;
  write(bytes: string | Uint8Array): void;
  destroy(): void;
}

/** A connection that keeps what it is sent. Resolves once `bytes` are handed to the kernel. */
export function openRaw(port: number, bytes: string | Uint8Array): Promise<RawConnection> {
  const socket = connect(port, '127.0.0.1');
  let received = Buffer.alloc(0);
  let isClosed = false;
  socket.on('data', (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
  socket.on('close', () => (isClosed = true));
  socket.on('error', () => (isClosed = true));
  return new Promise((resolve) => {
    socket.on('connect', () => {
      socket.write(bytes, () => {
        resolve({
          get received() {
            return received;
          },
          get isClosed() {
            return isClosed;
          },
          write: (more) => socket.write(more),
          destroy: () => socket.destroy(),
        });
      });
    });
  });
}

/** A client's WebSocket frame (RFC 6455, 5.2) of fewer than 126 bytes, with a mask of zeros. */
export function maskedFrame(opcode: number, payload: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0), payload]);
}
