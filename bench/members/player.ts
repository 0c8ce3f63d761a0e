/**
 * One member of a relay session, over all the connections it has: it comes in with its credential and comes back with
 * its resume token and the last reliable number it knows. What it is to send while it is away waits for the welcome.
 */
import { decodeBatchFrame } from '../../src/protocol/batch-frame.js';
import { encodeRelayFrame } from '../../src/protocol/relay-frame.js';
import { CLASS, SUBPROTOCOL, type DeliveryClass } from '../../src/protocol/wire.js';
import { frameLength, handshakeOf, OPCODE, writeFrameHead } from '../client/client-frame.js';
import type { Endpoint } from '../client/dial.js';
import type { ReadBuffer } from '../client/frame-reader.js';
import type { FramePool, PooledFrame } from './frame-pool.js';
import { parseHeard, type Heard, type Welcome } from '../client/heard.js';
import { Link, type LinkEvents } from '../client/connection.js';
import { decodeMessage, writeMessage, type Message } from '../client/message.js';
import { Receipts } from './receipts.js';
import { Return } from './return.js';
import type { RoomBook } from './room-book.js';

export interface PlayerEvents {
  onRead(): void;
  /** An entry of another that was timed. */
  onTimed(player: Player, dueMs: number): void;
  /** How long it took from the start of a connection with a resume token to its last replayed entry, or the welcome. */
  onReturned(tookMs: number): void;
  onClosed(player: Player, code: number, why: string): void;
  onProblem(what: string): void;
}

export interface PlayerPlan {
  /** Among all players. */
  readonly id: number;
  readonly endpoint: Endpoint;
  readonly credential: string;
  readonly payloadBytes: number;
  /** Whether each reliable message asks for its ack. */
  readonly wantsAcks: boolean;
}

/** Values of class latest that each player has. */
const KEYS = 2;
const NOWHERE = -1;
const NO_PAYLOAD = new Uint8Array(0);

export class Player implements LinkEvents {
  index = NOWHERE;
  readonly receipts: Receipts;
  /** Messages that went out, per class. */
  readonly sent: Record<DeliveryClass, number> = { 0: 0, 1: 0, 2: 0 };
  acked = 0;
  /** The newest `ping` that was answered. */
  ponged = 0;
  /** Returns whose welcome said that something is lost: each has to name a gap. */
  unrecovered = 0;
  /** How its newest connection ended, if not by its own doing. */
  ended: string | null = null;
  private link: Link | null = null;
  /** Its connection before, which the gateway may take to be alive. */
  private silent: Link | null = null;
  private token: string | null = null;
  private epoch: string | null = null;
  private isIn = false;
  private returning: Return | null = null;
  private readonly waiting: { readonly deliveryClass: DeliveryClass; readonly dueMs: number }[] = [];

  constructor(
    readonly plan: PlayerPlan,
    private readonly book: RoomBook,
    private readonly buffer: ReadBuffer,
    private readonly pool: FramePool,
    private readonly events: PlayerEvents,
  ) {
    this.receipts = new Receipts(book);
  }

  /** Whether it has had its welcome, and nothing waits to be sent. */
  get isSettled(): boolean {
    return this.isIn && this.waiting.length === 0;
  }

  /** With its credential the first time, then with its resume token. */
  connect(): void {
    const { plan, token } = this;
    const path = token === null ? '/v1/connect' : `/v1/connect?seq=${this.receipts.position}`;
    const headers = { 'Sec-WebSocket-Protocol': SUBPROTOCOL, Authorization: `Bearer ${token ?? plan.credential}` };
    if (token !== null) this.returning = new Return(performance.now());
    const { host, port } = plan.endpoint;
    this.link = new Link(plan.endpoint, handshakeOf(`${host}:${port}`, path, headers), this.buffer, this);
  }

  relay(deliveryClass: DeliveryClass, dueMs: number): void {
    if (this.isIn) this.sendMessage(deliveryClass, dueMs);
    else this.waiting.push({ deliveryClass, dueMs });
  }

  ping(t: number): void {
    this.link?.sendText(JSON.stringify({ type: 'ping', t }));
  }

  stopReading(): void {
    this.link?.stopReading();
  }

  readAgain(): void {
    this.link?.readAgain();
  }

  /** Without a close. A silent connection is let go once there is a new one. */
  loseLink(how: 'cut' | 'silent'): void {
    this.leaveLink();
    if (how === 'cut') {
      this.link?.drop();
    } else {
      this.link?.fallSilent();
      this.silent?.drop();
      this.silent = this.link;
    }
    this.link = null;
  }

  stop(): void {
    this.leaveLink();
    this.silent?.drop();
    this.link?.drop();
  }

  onRead(): void {
    this.events.onRead();
  }

  onText(text: string): void {
    const frame = parseHeard(text);
    if (frame !== null) this.onHeard(frame);
  }

  onBinary(bytes: Uint8Array): void {
    const entries = decodeBatchFrame(bytes);
    if (entries === null) this.receipts.onDamaged();
    for (const entry of entries ?? []) {
      const message = decodeMessage(entry.payload, this.plan.payloadBytes);
      if (message === null) {
        this.receipts.onDamaged();
        continue;
      }
      this.receipts.onEntry(entry, message, this.index);
      if (entry.deliveryClass === CLASS.reliable) this.returning?.onReliable(entry.seq, performance.now());
      if (message.dueMs > 0 && entry.sender !== this.index) this.events.onTimed(this, message.dueMs);
    }
  }

  onEnd(code: number, why: string): void {
    this.leaveLink();
    this.link = null;
    this.ended = `${code} ${why}`;
    this.events.onClosed(this, code, why);
  }

  private onHeard(frame: Heard): void {
    switch (frame.type) {
      case 'welcome':
        this.onWelcome(frame);
        break;
      case 'gap':
        this.receipts.onGap(frame.from, frame.to);
        break;
      case 'ack':
        this.onAck(frame.ref, frame.seq);
        break;
      case 'pong':
        this.ponged = frame.t;
        break;
      case 'error':
      case 'goaway':
        this.events.onProblem(`heard ${JSON.stringify(frame)}`);
    }
  }

  private onWelcome({ you, epoch, seq, recovered, resume }: Welcome): void {
    if (this.epoch !== null && (epoch !== this.epoch || you.index !== this.index)) {
      this.events.onProblem(`came back as ${you.index} in ${epoch}, not as ${this.index} in ${this.epoch}`);
    }
    this.epoch = epoch;
    this.index = you.index;
    this.token = resume.token;
    this.isIn = true;
    this.returning?.onWelcome(seq, performance.now());
    if (this.returning !== null && !recovered) this.unrecovered += 1;
    this.silent?.drop();
    this.silent = null;
    for (const { deliveryClass, dueMs } of this.waiting.splice(0)) this.sendMessage(deliveryClass, dueMs);
  }

  private onAck(ref: number, seq: number): void {
    this.acked += 1;
    if (!this.book.onTold(seq, this.index, ref)) this.events.onProblem(`message ${ref} was acked as ${seq}, another's`);
  }

  private sendMessage(deliveryClass: DeliveryClass, dueMs: number): void {
    this.sent[deliveryClass] += 1;
    const number = this.sent[deliveryClass];
    const key = deliveryClass === CLASS.latest ? { key: number % KEYS } : {};
    const ref = this.plan.wantsAcks && deliveryClass === CLASS.reliable ? { ref: number } : {};
    const head = encodeRelayFrame({ deliveryClass, ...key, ...ref, payload: NO_PAYLOAD });
    this.link?.sendPooled(this.pool, this.frameOf(head, { dueMs, number, sender: this.index }));
  }

  /** The payload of a relay frame is what follows its head. */
  private frameOf(head: Uint8Array, message: Message): PooledFrame {
    const { payloadBytes } = this.plan;
    const length = head.length + payloadBytes;
    const frame = this.pool.take(frameLength(length));
    const at = writeFrameHead(frame.bytes, OPCODE.binary, length);
    frame.bytes.set(head, at);
    writeMessage(frame.view, at + head.length, message, payloadBytes);
    return frame;
  }

  private leaveLink(): void {
    this.isIn = false;
    if (this.returning !== null) this.events.onReturned(this.returning.tookMs(performance.now()));
    this.returning = null;
  }
}
