/** One client of a load: it joins its room, sends one prepared message again and again, and can drop and resume. */
import type { Endpoint } from '../client/dial.js';
import { OPCODE, resumeHandshake } from '../client/client-frame.js';
import type { ReadBuffer } from '../client/frame-reader.js';
import { dueMsOf, payloadOf, type OutgoingMessage } from '../client/message.js';
import { LOST, WebSocketClient, type ClientEvents } from '../client/websocket-client.js';
import type { Wire, WireClient, WireEvents } from './wires/wire.js';

export interface JoinEvents {
  /** `isSame` is false when the client resumed as another member, or missed something. */
  onIn(tookMs: number, isSame: boolean): void;
  /** The client did not join, or lost its connection (`wasIn`); `why` is one of few texts. */
  onOut(client: LoadClient, why: string, wasIn: boolean): void;
}

export interface TrafficEvents extends WireEvents {
  /** Before the client looks at what it has read. */
  onRead(): void;
  onFrame(): void;
  /** `dueMs` is 0 when the message is not timed. */
  onEntry(receiver: number, sender: number, number: number, dueMs: number): void;
}

export interface LoadClientPlan {
  /** Among all clients of the worker. */
  readonly id: number;
  readonly endpoint: Endpoint;
  readonly localAddress: string | null;
  readonly handshake: string;
  readonly wire: Wire;
  /** Its index in its room, unless the server says another. */
  readonly place: number;
}

const STATUS = /answered HTTP\/1\.1 (\d{3})/;
const ERROR_CODE = /\b(E[A-Z]{4,})\b/;

export class LoadClient implements ClientEvents, WireClient {
  index: number;
  private socket: WebSocketClient | null = null;
  private token: string | null = null;
  private isIn = false;
  private startedMs = 0;
  private message: OutgoingMessage | null = null;
  private sent = 0;

  constructor(
    private readonly plan: LoadClientPlan,
    private readonly buffer: ReadBuffer,
    private readonly joins: JoinEvents,
    readonly events: TrafficEvents,
  ) {
    this.index = plan.place;
  }

  /** With its credential the first time, then with its newest resume token. */
  connect(): void {
    const { endpoint, handshake, localAddress } = this.plan;
    const text = this.token === null ? handshake : resumeHandshake(handshake, this.token, 0);
    this.startedMs = performance.now();
    this.socket = new WebSocketClient(endpoint, text, this.buffer, this, localAddress);
  }

  drop(): void {
    this.socket?.drop();
    this.socket = null;
    this.isIn = false;
  }

  sendMessage(dueMs: number, payloadBytes: number): void {
    const { socket } = this;
    if (socket === null) return;
    this.message ??= this.plan.wire.outgoing(payloadOf(this.index, payloadBytes));
    this.sent += 1;
    this.message.write(dueMs, this.sent);
    socket.send(this.message.frames);
    // The socket still reads from these frames: the next message needs new ones.
    if (!socket.isDrained) this.message = null;
  }

  send(frames: Uint8Array): void {
    this.socket?.send(frames);
  }

  onRead(): void {
    this.events.onRead();
  }

  onUpgraded(): void {
    this.plan.wire.begin(this);
  }

  onFrame(opcode: number, from: number, to: number): void {
    if (opcode === OPCODE.binary) this.events.onFrame();
    this.plan.wire.read(opcode, this.buffer, from, to, this);
  }

  onEnd(code: number, why: string): void {
    const wasIn = this.isIn;
    this.drop();
    this.joins.onOut(this, reasonOf(code, why), wasIn);
  }

  onJoined(index: number, token: string | null = null, isRecovered = true): void {
    const isSame = this.token === null || (index === this.index && isRecovered);
    this.index = index;
    this.token = token;
    this.isIn = true;
    this.joins.onIn(performance.now() - this.startedMs, isSame);
  }

  onEntry(sender: number, number: number, at: number): void {
    this.events.onEntry(this.plan.id, sender, number, dueMsOf(this.buffer.view, at));
  }
}

function reasonOf(code: number, why: string): string {
  const status = STATUS.exec(why)?.[1];
  if (status !== undefined) return `HTTP ${status}`;
  return ERROR_CODE.exec(why)?.[1] ?? (code === LOST ? why.slice(0, 80) : `closed ${code} ${why}`.trim());
}
