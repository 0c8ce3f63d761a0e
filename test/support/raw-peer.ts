/**
 * A WebSocket peer on a bare TCP connection. It decides which bytes go out together, and keeps what comes back as the
 * head of the answer and the server's frames, as they were on the wire.
 */
import { connect, type Socket } from 'node:net';
import { eventually } from './eventually.js';

export interface ServerFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Not zero in any byte, and no two alike: a mask that is applied at a wrong offset shows. */
const MASK = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
const HEAD_END = '\r\n\r\n';

export class RawPeer {
  /** The answer's status line and headers; '' until it is whole. */
  head = '';
  /** The body of an answer that is no upgrade. */
  body = '';
  readonly frames: ServerFrame[] = [];
  isClosed = false;
  private rest = Buffer.alloc(0);

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.rest = Buffer.concat([this.rest, chunk]);
      this.read();
    });
    socket.on('close', () => (this.isClosed = true));
    socket.on('error', () => (this.isClosed = true));
  }

  static connect(port: number): Promise<RawPeer> {
    const socket = connect(port, '127.0.0.1');
    const peer = new RawPeer(socket);
    return new Promise((resolve, reject) => {
      socket.once('connect', () => {
        resolve(peer);
      });
      socket.once('error', reject);
    });
  }

  /** Connects and sends the handshake whole; gives the peer when its welcome is there. */
  static async join(port: number, credential: string): Promise<RawPeer> {
    const peer = await RawPeer.connect(port);
    peer.write(handshake({ headers: [`Authorization: Bearer ${credential}`] }));
    await peer.expect('a welcome', () => peer.hasText('"type":"welcome"'));
    return peer;
  }

  /**
   * Writes piece after piece. What is written on the loopback is there at once, and a server of this process reads it
   * in the poll phase that lies between two ends of the loop's turn: each piece has been read before the next goes out.
   */
  async writePieces(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      this.socket.write(piece);
      await endOfTurn();
      await endOfTurn();
    }
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  hasText(part: string): boolean {
    return this.frames.some(({ opcode, payload }) => opcode === OPCODE.text && payload.includes(part));
  }

  /** A round trip: what the gateway sent to this peer before it read this is here now, or the connection is closed. */
  async settle(): Promise<void> {
    this.write(clientFrame(OPCODE.text, Buffer.from('{"type":"ping","t":"settled"}')));
    await this.expect('the pong or the close', () => this.isClosed || this.hasText('"t":"settled"'));
  }

  async expect(what: string, isThere: () => boolean): Promise<void> {
    await eventually(
      () => (isThere() ? null : `no ${what}; head ${this.head}; ${String(this.frames.length)} frames`),
      15_000,
    );
  }

  destroy(): void {
    this.socket.destroy();
  }

  private read(): void {
    if (this.head === '') {
      const end = this.rest.indexOf(HEAD_END);
      if (end === -1) return;
      this.head = this.rest.toString('latin1', 0, end);
      this.rest = this.rest.subarray(end + HEAD_END.length);
    }
    if (!this.head.startsWith('HTTP/1.1 101')) {
      this.body = this.rest.toString('utf8');
      return;
    }
    for (let frame = this.takeFrame(); frame !== null; frame = this.takeFrame()) this.frames.push(frame);
  }

  /** Servers do not mask, and ours does not fragment. */
  private takeFrame(): ServerFrame | null {
    const { rest } = this;
    const [first = 0, second = 0] = rest;
    if (rest.length < 2) return null;
    if ((first & 0x80) === 0 || (second & 0x80) !== 0) throw new Error(`not a frame of ours: ${rest.toString('hex')}`);
    const extended = second === 126 ? 2 : second === 127 ? 8 : 0;
    if (rest.length < 2 + extended) return null;
    const length = extended === 0 ? second : extended === 2 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
    const start = 2 + extended;
    if (rest.length < start + length) return null;
    this.rest = rest.subarray(start + length);
    return { opcode: first & 0x0f, payload: rest.subarray(start, start + length) };
  }
}

export interface HandshakeParts {
  readonly query?: string;
  readonly headers?: readonly string[];
}

export function handshake({ query = '', headers = [] }: HandshakeParts): string {
  return [
    `GET /v1/connect${query} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
    '',
    '',
  ].join('\r\n');
}

/** A client's WebSocket frame (RFC 6455, 5.2), masked. `more`: further fragments follow. */
export function clientFrame(opcode: number, payload: Uint8Array, more: 'more' | 'last' = 'last'): Buffer {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + extended);
  head[0] = (more === 'last' ? 0x80 : 0) | opcode;
  head[1] = 0x80 | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) head.writeUInt16BE(length, 2);
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2);
  const masked = payload.map((byte, at) => byte ^ (MASK[at % MASK.length] ?? 0));
  return Buffer.concat([head, MASK, masked]);
}

function endOfTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
