/**
 * One WebSocket connection, made by hand on a TCP socket, so that it can do what a good client never does: stop
 * reading, vanish without a word, or fall silent while its TCP connection stays.
 */
import type { Socket } from 'node:net';
import { clientFrame, OPCODE } from './client-frame.js';
import { dial, type Endpoint } from './dial.js';
import { FrameReader, type FrameSink, type ReadBuffer } from './frame-reader.js';
import type { FramePool, PooledFrame } from '../members/frame-pool.js';

const HEAD_END = '\r\n\r\n';
/** Stands for the end of a connection that no close frame announced. */
const LOST = 1006;

export interface LinkEvents {
  /** Before what was read is looked at. */
  onRead(): void;
  onText(text: string): void;
  /** Once: the handshake was answered with 101. */
  onUpgraded?(): void;
  /** The bytes are only valid during the call. */
  onBinary(bytes: Uint8Array): void;
  /** Once, and nothing follows. Not called after `drop` or `fallSilent`. */
  onEnd(code: number, why: string): void;
}

export class Link implements FrameSink {
  private readonly socket: Socket;
  private readonly reader: FrameReader;
  private isUpgraded = false;
  /** Of the answer to the handshake, as far as it has come. */
  private head = '';
  /** Nobody hears of it any more. */
  private isOver = false;

  constructor(
    endpoint: Endpoint,
    handshake: string,
    private readonly buffer: ReadBuffer,
    private readonly events: LinkEvents,
    localAddress: string | null = null,
  ) {
    this.reader = new FrameReader(buffer, this);
    const callback = (count: number): boolean => {
      this.onRead(count);
      return true;
    };
    this.socket = dial(endpoint, localAddress, { buffer: buffer.target, callback });
    this.socket.on('error', (error) => {
      this.end(LOST, error.message);
    });
    this.socket.on('close', () => {
      this.end(LOST, 'the connection was closed without a close frame');
    });
    this.socket.write(handshake);
  }

  sendText(text: string): void {
    this.socket.write(clientFrame(OPCODE.text, Buffer.from(text)));
  }

  /** A whole frame, which goes back to its pool when the kernel has it. */
  sendPooled(pool: FramePool, frame: PooledFrame): void {
    this.socket.write(frame.bytes, () => {
      pool.giveBack(frame);
    });
  }

  /** What comes waits in the kernel, and when that is full, at the gateway. */
  stopReading(): void {
    this.socket.pause();
  }

  readAgain(): void {
    this.socket.resume();
  }

  /** Lets the TCP connection go, without a close frame. */
  drop(): void {
    this.isOver = true;
    this.socket.destroy();
  }

  /** As when the air is gone: neither side hears the other, and no FIN or RST says so. Needs a `drop` later. */
  fallSilent(): void {
    this.isOver = true;
    this.socket.pause();
  }

  onFrame(opcode: number, from: number, to: number): void {
    if (this.isOver) return;
    const { bytes } = this.buffer;
    if (opcode === OPCODE.binary) this.events.onBinary(bytes.subarray(from, to));
    else if (opcode === OPCODE.text) this.events.onText(bytes.toString('utf8', from, to));
    else if (opcode === OPCODE.ping) this.socket.write(clientFrame(OPCODE.pong, bytes.subarray(from, to)));
    else if (opcode === OPCODE.close) this.onCloseFrame(bytes.subarray(from, to));
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
    this.events.onRead();
    if (this.isUpgraded) this.reader.onRead(count);
    else this.onHandshake(count);
  }

  /** The answer may come in pieces; behind it, in the same piece, frames. */
  private onHandshake(count: number): void {
    const before = this.head.length;
    this.head += this.buffer.target.toString('latin1', 0, count);
    const end = this.head.indexOf(HEAD_END);
    if (end < 0) return;
    if (!this.head.startsWith('HTTP/1.1 101')) {
      this.end(LOST, `the handshake was answered ${this.head.slice(0, 200)}`);
      return;
    }
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
