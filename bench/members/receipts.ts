/**
 * What one member got, over all its connections. Reliable entries: every number of the room once, rising, but those of
 * its own messages and those that a gap named. Entries of the other classes: rising per sender, and how many.
 */
import type { Entry } from '../../src/protocol/batch-frame.js';
import { CLASS, type DeliveryClass } from '../../src/protocol/wire.js';
import type { Message } from '../client/message.js';
import type { RoomBook } from './room-book.js';

interface Range {
  readonly from: number;
  readonly to: number;
}

export interface Flaws {
  /** Reliable entries of others that never came and that no gap named. */
  readonly lost: number;
  /** Entries of any class that came a second time, or after a later one. */
  readonly repeated: number;
  /** Reliable entries whose number stood for something else at another member. */
  readonly misnumbered: number;
  /** Payloads that are not as they were sent. */
  readonly damaged: number;
  /** Gaps that do not begin right behind what came before. */
  readonly wrongGaps: number;
}

export class Receipts {
  /** The newest reliable number that came or that a gap named: what `?seq=` says. */
  position = 0;
  readonly received: Record<DeliveryClass, number> = { 0: 0, 1: 0, 2: 0 };
  readonly gaps: Range[] = [];
  /** Passed over without a word; of its own messages it need not hear. */
  private readonly skipped: Range[] = [];
  /** Per class but reliable: of each sender, the number of its newest message that came. */
  private readonly newest: Record<DeliveryClass, Map<number, number>> = {
    0: new Map(),
    1: new Map(),
    2: new Map(),
  };
  private repeated = 0;
  private misnumbered = 0;
  private damaged = 0;
  private wrongGaps = 0;

  constructor(private readonly book: RoomBook) {}

  onDamaged(): void {
    this.damaged += 1;
  }

  onEntry(entry: Entry, message: Message, self: number): void {
    const { deliveryClass, seq, sender } = entry;
    if (message.sender !== sender) {
      this.onDamaged();
      return;
    }
    if (deliveryClass === CLASS.reliable) {
      if (!this.book.onTold(seq, sender, message.number)) this.misnumbered += 1;
      if (!this.advance(seq)) return;
    } else if (sender !== self && !this.isNewer(deliveryClass, message)) {
      return;
    }
    if (sender !== self) this.received[deliveryClass] += 1;
  }

  onGap(from: number, to: number): void {
    if (from !== this.position + 1 || to < from) this.wrongGaps += 1;
    this.gaps.push({ from, to });
    this.position = Math.max(this.position, to);
  }

  /** Whether every reliable entry of others that anybody knows of has come, or was named by a gap. */
  isComplete(self: number): boolean {
    let last = this.book.last;
    while (last > this.position && this.book.senderOf(last) === self) last -= 1;
    return this.position >= last;
  }

  /** The number of the newest message of that class that came from that sender. */
  newestOf(deliveryClass: DeliveryClass, sender: number): number {
    return this.newest[deliveryClass].get(sender) ?? 0;
  }

  /** How many reliable numbers gaps named. */
  named(): number {
    return this.gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  }

  /** After the last entry had time to come. */
  flaws(self: number): Flaws {
    const { repeated, misnumbered, damaged, wrongGaps, book, position } = this;
    let lost = 0;
    for (const { from, to } of [...this.skipped, { from: position + 1, to: book.last }]) {
      for (let seq = from; seq <= to; seq += 1) if (book.senderOf(seq) !== self) lost += 1;
    }
    return { lost, repeated, misnumbered, damaged, wrongGaps };
  }

  private advance(seq: number): boolean {
    if (seq <= this.position) {
      this.repeated += 1;
      return false;
    }
    if (seq > this.position + 1) this.skipped.push({ from: this.position + 1, to: seq - 1 });
    this.position = seq;
    return true;
  }

  private isNewer(deliveryClass: DeliveryClass, { sender, number }: Message): boolean {
    const newest = this.newest[deliveryClass];
    if (number <= (newest.get(sender) ?? 0)) {
      this.repeated += 1;
      return false;
    }
    newest.set(sender, number);
    return true;
  }
}
