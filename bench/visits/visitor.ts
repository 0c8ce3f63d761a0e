/** A client that is there and does nothing: it connects, is welcomed, answers pings, and can be dropped and come back. */
import type { Endpoint } from '../client/dial.js';
import type { ReadBuffer } from '../client/frame-reader.js';
import { OPCODE, resumeHandshake } from '../client/client-frame.js';
import { LOST, WebSocketClient, type ClientEvents } from '../client/websocket-client.js';
import { parseHeard } from '../client/heard.js';
import type { VisitJob } from './visit-job.js';

export interface VisitorPlan {
  readonly endpoint: Endpoint;
  readonly localAddress: string | null;
  readonly handshake: string;
  readonly inBy: VisitJob['inBy'];
}

export interface VisitorEvents {
  /** `isSame` is false when it was resumed as another member, or not whole. */
  onIn(tookMs: number, isSame: boolean): void;
  /** It did not get in, or is not in any more (`wasIn`); `why` is one of few words. */
  onOut(visitor: Visitor, why: string, wasIn: boolean): void;
}

const STATUS = /answered HTTP\/1\.1 (\d{3})/;
const ERROR_CODE = /\b(E[A-Z]{4,})\b/;

export class Visitor implements ClientEvents {
  private client: WebSocketClient | null = null;
  private token: string | null = null;
  private index = -1;
  private isIn = false;
  private startedMs = 0;

  constructor(
    private readonly plan: VisitorPlan,
    private readonly buffer: ReadBuffer,
    private readonly events: VisitorEvents,
  ) {}

  /** With its credential the first time, then with its newest resume token. */
  connect(): void {
    const { endpoint, handshake, localAddress } = this.plan;
    const text = this.token === null ? handshake : resumeHandshake(handshake, this.token, 0);
    this.startedMs = performance.now();
    this.client = new WebSocketClient(endpoint, text, this.buffer, this, localAddress);
  }

  drop(): void {
    this.client?.drop();
    this.client = null;
    this.isIn = false;
  }

  onUpgraded(): void {
    if (this.plan.inBy !== 'upgrade') return;
    this.isIn = true;
    this.events.onIn(performance.now() - this.startedMs, true);
  }

  onFrame(opcode: number, from: number, to: number): void {
    if (this.plan.inBy !== 'welcome' || opcode !== OPCODE.text) return;
    const frame = parseHeard(this.buffer.textOf(from, to));
    if (frame?.type !== 'welcome') return;
    const isSame = this.token === null || (frame.you.index === this.index && frame.recovered);
    this.token = frame.resume.token;
    this.index = frame.you.index;
    this.isIn = true;
    this.events.onIn(performance.now() - this.startedMs, isSame);
  }

  onEnd(code: number, why: string): void {
    const wasIn = this.isIn;
    this.drop();
    this.events.onOut(this, reasonOf(code, why), wasIn);
  }
}

function reasonOf(code: number, why: string): string {
  const status = STATUS.exec(why)?.[1];
  if (status !== undefined) return `HTTP ${status}`;
  const error = ERROR_CODE.exec(why)?.[1];
  if (error !== undefined) return error;
  return code === LOST ? why.slice(0, 80) : `closed ${code}`;
}
