/**
 * What a game client was sent, and waiting for what it expects. Whatever a well-behaved client should never meet
 * becomes its fault: the first one is kept, and ends every wait.
 */
import { decodeBatchFrame, type Entry } from '../src/protocol/batch-frame.js';
import { BACKEND_INDEX } from '../src/protocol/ids.js';
import { Changes, demand } from './processes/changes.js';
import { parseControl, type Heard, type HeardOf } from './control-frames.js';

export interface Closed {
  readonly code: number;
  readonly reason: string;
  /** As `performance.now()`, like every time here. */
  readonly atMs: number;
}

/** Told of the members' entries and of acks, at the time they came; they are not kept. */
export interface Listener {
  onEntry(entry: Entry, atMs: number): void;
  onAck(ref: number, seq: number, atMs: number): void;
}

export class Inbox {
  listener: Listener | null = null;
  private readonly changes = new Changes();
  private readonly heard: Heard[] = [];
  private readonly fromBackend: Entry[] = [];
  private closed: Closed | null = null;
  private fault: string | null = null;

  constructor(private readonly owner: string) {}

  get first(): Heard | undefined {
    return this.heard[0];
  }

  onText(text: string, atMs: number): void {
    const frame = parseControl(text);
    switch (frame.type) {
      case 'other':
        break;
      case 'malformed':
      case 'error':
      case 'gap':
      case 'goaway':
        this.blame(`heard ${text}`);
        break;
      case 'ack':
        this.listener?.onAck(frame.ref, frame.seq, atMs);
        break;
      default:
        this.heard.push(frame);
    }
    this.changes.notify();
  }

  onBinary(bytes: Buffer, atMs: number): void {
    const entries = decodeBatchFrame(bytes);
    if (entries === null) this.blame(`heard a binary frame that is no batch: ${bytes.toString('hex')}`);
    for (const entry of entries ?? []) {
      if (entry.sender === BACKEND_INDEX) this.fromBackend.push(entry);
      else this.listener?.onEntry(entry, atMs);
    }
    this.changes.notify();
  }

  onClosed(closed: Closed): void {
    this.closed = closed;
    this.changes.notify();
  }

  blame(fault: string): void {
    this.fault ??= fault;
    this.changes.notify();
  }

  demandFine(): void {
    demand(this.fault === null, `${this.owner}: ${this.fault ?? ''}`);
  }

  /** Throws when the socket was closed, or something happened that should not have. */
  demandOpen(): void {
    this.demandFine();
    demand(this.closed === null, `${this.owner}'s socket was closed unexpectedly: ${nameOf(this.closed)}`);
  }

  /** The first control frame of this type that fits, come or to come. */
  hear<T extends Heard['type']>(type: T, fits: (frame: HeardOf<T>) => boolean): Promise<HeardOf<T>> {
    const isIt = (frame: Heard): frame is HeardOf<T> => isOf(frame, type) && fits(frame);
    return this.untilOpen(type, () => this.heard.find(isIt));
  }

  /** The first message of the backend, come or to come. */
  hearBackend(): Promise<Entry> {
    return this.untilOpen("the backend's message", () => this.fromBackend[0]);
  }

  untilClosed(): Promise<Closed> {
    return this.changes.until(`${this.owner} waits to be closed`, () => this.closed);
  }

  /** Waits for what can only come while all is well. */
  private untilOpen<T>(what: string, look: () => T | undefined): Promise<T> {
    return this.changes.until(`${this.owner} waits for ${what}`, () => {
      const found = look();
      if (found === undefined) this.demandOpen();
      return found ?? null;
    });
  }
}

/** `4001 kicked`, say; a lost link has no reason. */
export function nameOf(closed: Closed | null): string {
  return closed === null ? 'not closed' : `${closed.code} ${closed.reason}`.trim();
}

function isOf<T extends Heard['type']>(frame: Heard, type: T): frame is HeardOf<T> {
  return frame.type === type;
}
