/**
 * One client of a load: a TCP socket with the least that a WebSocket needs. It reads into the buffer that all share,
 * and sends one frame that was made before, with only the number and the time written anew.
 */
import type { Socket } from 'node:net';
import { clientFrame, OPCODE } from '../client/client-frame.js';
import { dial, type Endpoint } from '../client/dial.js';
import { FrameReader, type FrameSink, type ReadBuffer } from '../client/frame-reader.js';
import { DUE_AT, NUMBER_AT, payloadOf } from './payload.js';
import type { Wire, WireClient } from './wires/wire.js';

const HEAD_END = '\r\n\r\n';

export interface ClientEvents {
  /** From now on it can send. */
  onJoined(): void;
  /** Before what was read is looked at. */
  onRead(): void;
  /** `dueMs` is 0 when the message is not timed. */
  onEntry(receiver: number, sender: number, number: number, dueMs: number): void;
  onFrame(): void;
  onEcho(): void;
  onDamaged(): void;
  onProblem(what: string): void;
}

export interface ClientPlan {
  /** Among all clients. */
  readonly id: number;
  readonly endpoint: Endpoint;
  readonly localAddress: string | null;
  readonly handshake: string;
  readonly wire: Wire;
  /** Where in its room it stands unless the server says so. */
  readonly place: number;
  readonly payloadBytes: number;
}

export class LoadClient implements FrameSink, WireClient {
  index: number;
  private readonly socket: Socket;
  private readonly reader: FrameReader;
  private frame: Buffer = Buffer.alloc(0);
  private payloadAt = 0;
  private sent = 0;
  private isUpgraded = false;
  /** Of the answer to the handshake, as far as it has come. */
  private head = '';
  private isClosing = false;

  constructor(
    private readonly plan: ClientPlan,
    private readonly buffer: ReadBuffer,
    private readonly events: ClientEvents,
  ) {
    this.index = plan.place;
    this.reader = new FrameReader(buffer, this);
    const callback = (count: number): boolean => {
      this.onRead(count);
      return true;
    };
    this.socket = dial(plan.endpoint, plan.localAddress, { buffer: buffer.target, callback });
    this.socket.on('error', (error) => {
      events.onProblem(error.message);
    });
    this.socket.on('close', () => {
      if (!this.isClosing) events.onProblem('a socket was closed');
    });
    this.socket.write(plan.handshake);
  }

  send(dueMs: number): void {
    this.sent += 1;
    // A frame that the kernel did not take at once is still read from: the next one needs bytes of its own.
    const frame = this.socket.writableLength === 0 ? this.frame : Buffer.from(this.frame);
    frame.writeDoubleLE(dueMs, this.payloadAt + DUE_AT);
    frame.writeUInt32LE(this.sent, this.payloadAt + NUMBER_AT);
    this.socket.write(frame);
  }

  close(): void {
    this.isClosing = true;
    this.socket.destroy();
  }

  write(frames: Uint8Array): void {
    this.socket.write(frames);
  }

  onFrame(opcode: number, from: number, to: number): void {
    const { buffer, events, plan } = this;
    if (opcode === OPCODE.binary || opcode === OPCODE.text) {
      if (opcode === OPCODE.binary) events.onFrame();
      plan.wire.read(opcode, buffer, from, to, this);
    } else if (opcode === OPCODE.ping) {
      this.write(clientFrame(OPCODE.pong, buffer.bytes.subarray(from, to)));
    } else {
      events.onProblem(`a frame of opcode ${opcode}: ${buffer.bytes.toString('latin1', from, to)}`);
    }
  }

  onJoined(index: number): void {
    this.index = index;
    const { bytes, payloadAt } = this.plan.wire.outgoing(payloadOf(index, this.plan.payloadBytes));
    this.frame = bytes;
    this.payloadAt = payloadAt;
    this.events.onJoined();
  }

  onEntry(sender: number, number: number, payload: number): void {
    this.events.onEntry(this.plan.id, sender, number, this.buffer.view.getFloat64(payload + DUE_AT, true));
  }

  onEcho(): void {
    this.events.onEcho();
  }

  onDamaged(): void {
    this.events.onDamaged();
  }

  onProblem(what: string): void {
    this.events.onProblem(what);
  }

  private onRead(count: number): void {
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
      this.events.onProblem(`the handshake was answered ${this.head.slice(0, 200)}`);
      return;
    }
    this.head = '';
    this.isUpgraded = true;
    this.plan.wire.begin(this);
    this.reader.onRead(count, end + HEAD_END.length - before);
  }
}
