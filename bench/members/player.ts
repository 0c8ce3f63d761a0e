/**
 * One member of a relay session, over all its connections: it joins with its credential, and resumes with its resume
 * token and the last reliable number it knows. Messages that are due while it is away wait for the welcome.
 */
import { decodeBatchFrame } from '../../src/protocol/batch-frame.js';
import { encodeRelayFrame } from '../../src/protocol/relay-frame.js';
import { CLASS, type DeliveryClass } from '../../src/protocol/wire.js';
import type { Numbering } from '../book/numbering.js';
import { Receipts } from '../book/receipts.js';
import { OPCODE, resumeHandshake } from '../client/client-frame.js';
import type { Endpoint } from '../client/dial.js';
import type { ReadBuffer } from '../client/frame-reader.js';
import { parseHeard, type Heard, type Welcome } from '../client/heard.js';
import { dueMsOf, framed, isMessage, numberOf, payloadOf, senderOf, type OutgoingMessage } from '../client/message.js';
import { WebSocketClient, type ClientEvents } from '../client/websocket-client.js';
import { Return } from './return.js';

export interface PlayerEvents {
  onRead?(): void;
  /** A timed entry of another member arrived. */
  onTimed?(player: Player, dueMs: number): void;
  /** The time from the start of a connection with a resume token until its last replayed entry, or the welcome. */
  onReturned?(tookMs: number): void;
  onClosed(player: Player, code: number, why: string): void;
  onProblem(what: string): void;
}

export interface PlayerPlan {
  /** Among all players. */
  readonly id: number;
  readonly endpoint: Endpoint;
  readonly handshake: string;
  readonly roomsOf: number;
  readonly payloadBytes: number;
  /** Whether each reliable message asks for its ack. */
  readonly wantsAcks: boolean;
}

/** How many values of class latest each player has. */
const KEYS = 2;
const NOWHERE = -1;
const NO_PAYLOAD = new Uint8Array(0);
/** After a frame's op and flags. */
const REF_OFFSET = 2;

export class Player implements ClientEvents {
  index = NOWHERE;
  readonly receipts: Receipts;
  /** Messages sent, by class. */
  readonly sent: Record<DeliveryClass, number> = { 0: 0, 1: 0, 2: 0 };
  acked = 0;
  /** The newest `ping` that was answered. */
  ponged = 0;
  /** Returns whose welcome says that something is lost: a gap must follow each. */
  unrecovered = 0;
  /** How its newest connection ended, unless the player ended it. */
  ended: string | null = null;
  private client: WebSocketClient | null = null;
  /** Its previous connection, which the gateway may think alive. */
  private silent: WebSocketClient | null = null;
  private token: string | null = null;
  private epoch: string | null = null;
  private isIn = false;
  private returning: Return | null = null;
  private readonly waiting: { readonly deliveryClass: DeliveryClass; readonly dueMs: number }[] = [];
  /** By class and key. */
  private readonly messages = new Map<string, OutgoingMessage>();

  constructor(
    readonly plan: PlayerPlan,
    private readonly numbering: Numbering,
    private readonly buffer: ReadBuffer,
    private readonly events: PlayerEvents,
  ) {
    this.receipts = new Receipts(numbering, plan.roomsOf);
  }

  /** Whether it has got its welcome, and no message waits. */
  get isSettled(): boolean {
    return this.isIn && this.waiting.length === 0;
  }

  /** With its credential the first time, then with its resume token. */
  connect(): void {
    const { plan, token } = this;
    const isReturn = token !== null;
    const handshake = isReturn ? resumeHandshake(plan.handshake, token, this.receipts.position) : plan.handshake;
    if (isReturn) this.returning = new Return(performance.now());
    this.client = new WebSocketClient(plan.endpoint, handshake, this.buffer, this);
  }

  relay(deliveryClass: DeliveryClass, dueMs: number): void {
    if (this.isIn) this.send(deliveryClass, dueMs);
    else this.waiting.push({ deliveryClass, dueMs });
  }

  ping(t: number): void {
    this.client?.sendText(JSON.stringify({ type: 'ping', t }));
  }

  stopReading(): void {
    this.client?.stopReading();
  }

  readAgain(): void {
    this.client?.readAgain();
  }

  /** Without a close. A silent connection is dropped once there is a new one. */
  loseLink(how: 'cut' | 'silent'): void {
    this.leave();
    if (how === 'cut') {
      this.client?.drop();
    } else {
      this.client?.fallSilent();
      this.silent?.drop();
      this.silent = this.client;
    }
    this.client = null;
  }

  stop(): void {
    this.leave();
    this.silent?.drop();
    this.client?.drop();
  }

  onRead(): void {
    this.events.onRead?.();
  }

  onFrame(opcode: number, from: number, to: number): void {
    if (opcode === OPCODE.binary) this.onBatch(this.buffer.bytes.subarray(from, to));
    else this.onHeard(parseHeard(this.buffer.textOf(from, to)));
  }

  onEnd(code: number, why: string): void {
    this.leave();
    this.client = null;
    this.ended = `${code} ${why}`;
    this.events.onClosed(this, code, why);
  }

  private onBatch(bytes: Uint8Array): void {
    const entries = decodeBatchFrame(bytes);
    if (entries === null) this.receipts.onDamaged();
    for (const entry of entries ?? []) {
      const { payload, sender } = entry;
      const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
      const isWhole = payload.length === this.plan.payloadBytes && isMessage(view, 0, payload.length);
      if (!isWhole || senderOf(view, 0) !== sender) {
        this.receipts.onDamaged();
        continue;
      }
      this.receipts.onEntry(entry, numberOf(view, 0), this.index);
      if (entry.deliveryClass === CLASS.reliable) this.returning?.onReliable(entry.seq, performance.now());
      const dueMs = dueMsOf(view, 0);
      if (dueMs > 0 && sender !== this.index) this.events.onTimed?.(this, dueMs);
    }
  }

  private onHeard(frame: Heard | null): void {
    switch (frame?.type) {
      case undefined:
        break;
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
    for (const { deliveryClass, dueMs } of this.waiting.splice(0)) this.send(deliveryClass, dueMs);
  }

  private onAck(ref: number, seq: number): void {
    this.acked += 1;
    const isOurs = this.numbering.onTold(seq, this.index, ref);
    if (!isOurs) this.events.onProblem(`message ${ref} was acked as ${seq}, the number of another message`);
  }

  private send(deliveryClass: DeliveryClass, dueMs: number): void {
    const { client, messages } = this;
    this.sent[deliveryClass] += 1;
    const number = this.sent[deliveryClass];
    const key = deliveryClass === CLASS.latest ? number % KEYS : 0;
    const slot = `${deliveryClass}.${key}`;
    const message = messages.get(slot) ?? this.prepare(deliveryClass, key);
    message.write(dueMs, number);
    client?.send(message.frames);
    if (client?.isDrained === true) messages.set(slot, message);
    else messages.delete(slot);
  }

  private prepare(deliveryClass: DeliveryClass, key: number): OutgoingMessage {
    const { wantsAcks, payloadBytes } = this.plan;
    const hasRef = wantsAcks && deliveryClass === CLASS.reliable;
    const fields = { deliveryClass, key, payload: NO_PAYLOAD };
    const head = encodeRelayFrame(hasRef ? { ...fields, ref: 0 } : fields);
    return framed(head, payloadOf(this.index, payloadBytes), hasRef ? REF_OFFSET : null);
  }

  private leave(): void {
    this.isIn = false;
    if (this.returning !== null) this.events.onReturned?.(this.returning.tookMs(performance.now()));
    this.returning = null;
  }
}
