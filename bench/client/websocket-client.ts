/**
 * The bench's WebSocket client: a TCP socket with the little that a connection needs. It reads into a buffer that all
 * clients share, and it can misbehave: stop reading, vanish, or fall silent.
 */
import type { Socket } from 'node:net';
import { clientFrame, OPCODE } from './client-frame.js';
import { dial, type Endpoint } from './dial.js';
import { FrameReader, type FrameSink, type ReadBuffer } from './frame-reader.js';

const HEAD_END = '\r\n\r\n';
/** The code for a connection that ended without a close frame. */
export const LOST = 1006;

export interface ClientEvents {
  /** Before the client looks at what it has read. */
  onRead?(): void;
  /** Once: the server answered the handshake with 101. */
  onUpgraded?(): void;
  /** A text or binary frame. During the call the shared buffer holds its message from `from` to `to`. */
  onFrame(opcode: number, from: number, to: number): void;
  /** Once, as the last call. Not called after `drop` or `fallSilent`. */
  onEnd(code: number, why: string): void;
}

export class WebSocketClient implements FrameSink {
  private readonly socket: Socket;
  private readonly reader: FrameReader;
  private isUpgraded = false;
  /** The answer to the handshake, as far as it has come. */
  private head = '';
  /** The client reports no more events. */
  private isOver = false;

  /** `localAddress` null: the system chooses it. */
  constructor(
    endpoint: Endpoint,
    handshake: string,
    private readonly buffer: ReadBuffer,
    private readonly events: ClientEvents,
    localAddress: string | null = null,
  ) {
    this.reader = new FrameReader(buffer, this);
    const callback = (count: number): boolean => {
      this.onRead(count);
      return true;
    };
    this.socket = dial(endpoint, localAddress, { buffer: buffer.target, callback });
    this.socket.on('error', (error) => this.end(LOST, error.message));
    this.socket.on('close', () => this.end(LOST, 'the connection was closed without a close frame'));
    this.socket.write(handshake);
  }

  /** Whether the kernel has taken all that was sent. If not, the socket still reads from the last frames. */
  get isDrained(): boolean {
    return this.socket.writableLength === 0;
  }

  /** Whole frames. */
  send(frames: Uint8Array): void {
    this.socket.write(frames);
  }

  sendText(text: string): void {
    this.send(clientFrame(OPCODE.text, Buffer.from(text)));
  }

  /** From now on incoming bytes wait in the kernel, and at the gateway once the kernel is full. */
  stopReading(): void {
    this.socket.pause();
  }

  readAgain(): void {
    this.socket.resume();
  }

  /** Ends the TCP connection without a close frame. */
  drop(): void {
    this.isOver = true;
    this.socket.destroy();
  }

  /** Like a lost radio link: neither side hears the other, and no FIN or RST follows. Needs a `drop` later. */
  fallSilent(): void {
    this.isOver = true;
    this.socket.pause();
  }

  onFrame(opcode: number, from: number, to: number): void {
    if (this.isOver) return;
    if (opcode === OPCODE.binary || opcode === OPCODE.text) this.events.onFrame(opcode, from, to);
    else if (opcode === OPCODE.ping) this.send(clientFrame(OPCODE.pong, this.buffer.bytes.subarray(from, to)));
    else if (opcode === OPCODE.close) this.onCloseFrame(this.buffer.bytes.subarray(from, to));
  }

  onProblem(what: string): void {
    this.end(LOST, what);
  }

  private onCloseFrame(message: Buffer): void {
    if (message.length < 2) this.end(LOST, 'a close frame without a code');
    else this.end(message.readUInt16BE(0), message.toString('utf8', 2));
  }

  private onRead(count: number): void {
    if (this.isOver) return;
    this.events.onRead?.();
    if (this.isUpgraded) this.reader.onRead(count);
    else this.onHandshake(count);
  }

  /** The answer may come in pieces; frames may follow it in the same piece. */
  private onHandshake(count: number): void {
    const before = this.head.length;
    this.head += this.buffer.target.toString('latin1', 0, count);
    const end = this.head.indexOf(HEAD_END);
    if (end < 0) return;
    if (!this.head.startsWith('HTTP/1.1 101')) {
      this.end(LOST, `the handshake was answered ${this.head.slice(0, 200)}`);
      return;
    }
    this.head = '';
    this.isUpgraded = true;
    this.events.onUpgraded?.();
    this.reader.onRead(count, end + HEAD_END.length - before);
  }

  private end(code: number, why: string): void {
    if (this.isOver) return;
    this.drop();
    this.events.onEnd(code, why);
  }
}
