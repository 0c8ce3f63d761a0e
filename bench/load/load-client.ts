/** One client of a load: it joins its room and sends one message, made once, again and again. */
import type { Endpoint } from '../client/dial.js';
import { OPCODE } from '../client/client-frame.js';
import type { ReadBuffer } from '../client/frame-reader.js';
import { dueMsOf, payloadOf, type OutgoingMessage } from '../client/message.js';
import { WebSocketClient, type ClientEvents } from '../client/websocket-client.js';
import type { Wire, WireClient } from './wires/wire.js';

export interface LoadEvents {
  /** From now on the client can send. */
  onJoined(): void;
  /** Before the client looks at what it has read. */
  onRead(): void;
  /** `dueMs` is 0 when the message is not timed. */
  onEntry(receiver: number, sender: number, number: number, dueMs: number): void;
  onFrame(): void;
  onEcho(): void;
  onDamaged(): void;
  onProblem(what: string): void;
}

export interface LoadClientPlan {
  /** Among all clients. */
  readonly id: number;
  readonly endpoint: Endpoint;
  readonly localAddress: string | null;
  readonly handshake: string;
  readonly wire: Wire;
  /** Its index in its room, unless the server says another. */
  readonly place: number;
  readonly payloadBytes: number;
}

export class LoadClient implements ClientEvents, WireClient {
  index: number;
  private readonly socket: WebSocketClient;
  private message: OutgoingMessage | null = null;
  private sent = 0;

  constructor(
    private readonly plan: LoadClientPlan,
    private readonly buffer: ReadBuffer,
    private readonly events: LoadEvents,
  ) {
    this.index = plan.place;
    this.socket = new WebSocketClient(plan.endpoint, plan.handshake, buffer, this, plan.localAddress);
  }

  sendMessage(dueMs: number): void {
    const { message } = this;
    if (message === null) return;
    this.sent += 1;
    message.write(dueMs, this.sent);
    this.socket.send(message.frames);
    if (!this.socket.isDrained) this.message = this.prepare();
  }

  close(): void {
    this.socket.drop();
  }

  send(frames: Uint8Array): void {
    this.socket.send(frames);
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
    this.events.onProblem(`a socket was closed: ${code} ${why}`);
  }

  onJoined(index: number): void {
    this.index = index;
    this.message = this.prepare();
    this.events.onJoined();
  }

  onEntry(sender: number, number: number, at: number): void {
    this.events.onEntry(this.plan.id, sender, number, dueMsOf(this.buffer.view, at));
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

  private prepare(): OutgoingMessage {
    return this.plan.wire.outgoing(payloadOf(this.index, this.plan.payloadBytes));
  }
}
