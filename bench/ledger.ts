/** The book of a run: every frame sent, and how it came to each of the other members. */
import type { Entry } from '../src/protocol/batch-frame.js';
import { BACKEND_INDEX } from '../src/protocol/ids.js';
import { CLASS } from '../src/protocol/wire.js';
import { Changes } from './processes/changes.js';
import { decodePayload, type Stamp } from './payload.js';

export interface Tally {
  readonly sent: number;
  /** Each sent frame is due once to every other member. */
  readonly due: number;
  readonly delivered: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Came after a later one of the same sender. */
  readonly disordered: number;
  /** Not as it was sent, or from somebody else than it says. */
  readonly damaged: number;
  /** Reliable frames that were not numbered alike in their ack and at every receiver. */
  readonly misnumbered: number;
}

/** One sender's frames as one receiver got them. */
interface Stream {
  readonly seen: Set<number>;
  newest: number;
}

export class Ledger {
  readonly latenciesMs = { volatile: new Array<number>(), reliable: new Array<number>(), ack: new Array<number>() };
  private readonly changes = new Changes();
  private readonly streams = new Map<string, Stream>();
  /** Of the reliable frames: when each was sent, and the numbers its ack and its receivers were told. */
  private readonly reliable = new Map<string, { readonly sentAtMs: number; readonly numbers: number[] }>();
  private sent = 0;
  private delivered = 0;
  private duplicated = 0;
  private disordered = 0;
  private damaged = 0;

  constructor(private readonly members: number) {}

  onSent({ sender, n, sentAtMs }: Stamp, isReliable: boolean): void {
    this.sent += 1;
    if (isReliable) this.reliable.set(`${sender}.${n}`, { sentAtMs, numbers: [] });
  }

  onAck(sender: number, ref: number, seq: number, atMs: number): void {
    const frame = this.reliable.get(`${sender}.${ref}`);
    if (frame === undefined) {
      this.damaged += 1;
      return;
    }
    frame.numbers.push(seq);
    this.latenciesMs.ack.push(atMs - frame.sentAtMs);
    this.changes.notify();
  }

  onEntry(receiver: number, entry: Entry, atMs: number): void {
    // A batch shared by the room may hold the receiver's own entries: it is told to ignore them.
    if (entry.sender === receiver || entry.sender === BACKEND_INDEX) return;
    const stamp = decodePayload(entry.payload);
    if (stamp?.sender !== entry.sender) {
      this.damaged += 1;
      return;
    }
    if (!this.isFirst(receiver, stamp)) return;
    this.delivered += 1;
    if (entry.deliveryClass === CLASS.reliable)
      this.reliable.get(`${stamp.sender}.${stamp.n}`)?.numbers.push(entry.seq);
    const latencies = entry.deliveryClass === CLASS.reliable ? this.latenciesMs.reliable : this.latenciesMs.volatile;
    latencies.push(atMs - stamp.sentAtMs);
    this.changes.notify();
  }

  /** Waits until everything sent was acknowledged and has come, or `withinMs` passed: the tally says which. */
  async settled(withinMs: number): Promise<void> {
    const isDone = (): boolean => this.delivered >= this.due && this.latenciesMs.ack.length >= this.reliable.size;
    await this.changes.until('every frame comes', () => (isDone() ? true : null), withinMs).catch(() => undefined);
  }

  tally(): Tally {
    const { sent, due, delivered, duplicated, disordered, damaged } = this;
    const lost = due - delivered;
    return { sent, due, delivered, lost, duplicated, disordered, damaged, misnumbered: this.misnumbered() };
  }

  private get due(): number {
    return this.sent * (this.members - 1);
  }

  private isFirst(receiver: number, { sender, n }: Stamp): boolean {
    const name = `${sender}>${receiver}`;
    const stream = this.streams.get(name) ?? { seen: new Set<number>(), newest: 0 };
    this.streams.set(name, stream);
    if (stream.seen.has(n)) {
      this.duplicated += 1;
      return false;
    }
    if (n < stream.newest) this.disordered += 1;
    stream.seen.add(n);
    stream.newest = Math.max(stream.newest, n);
    return true;
  }

  /** The ack and each receiver say the same number, and no other frame has it. */
  private misnumbered(): number {
    const taken = new Set<number>();
    let misnumbered = 0;
    for (const { numbers } of this.reliable.values()) {
      const [number = 0] = numbers;
      const isAlike = numbers.length === this.members && numbers.every((each) => each === number);
      if (!isAlike || number < 1 || taken.has(number)) misnumbered += 1;
      taken.add(number);
    }
    return misnumbered;
  }
}
