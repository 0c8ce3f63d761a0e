/**
 * The entries that one member got, over all its connections. Of reliable entries it must get every number of the room
 * once and rising, except those of its own messages and those that a gap named. Others must rise for each sender.
 */
import type { Entry } from '../../src/protocol/batch-frame.js';
import { CLASS, type DeliveryClass } from '../../src/protocol/wire.js';
import { DeliveryBook } from './delivery-book.js';
import type { Numbering } from './numbering.js';

export interface Flaws {
  /** Reliable entries of others that never arrived and that no gap named. */
  readonly lost: number;
  /** Entries of any class that arrived a second time, or after a later one. */
  readonly repeated: number;
  /** Reliable entries whose number stood for another message at another member. */
  readonly misnumbered: number;
  /** Payloads that differ from what was sent. */
  readonly damaged: number;
  /** Gaps that do not begin right after the last known number. */
  readonly wrongGaps: number;
}

/** The stream of the room's reliable numbers. Streams for each sender and other class follow. */
const RELIABLE = 0;

export class Receipts {
  readonly received: Record<DeliveryClass, number> = { 0: 0, 1: 0, 2: 0 };
  gaps = 0;
  /** Reliable numbers that gaps named. */
  named = 0;
  private readonly book: DeliveryBook;
  private misnumbered = 0;
  private damaged = 0;
  private wrongGaps = 0;

  constructor(
    private readonly numbering: Numbering,
    private readonly roomsOf: number,
  ) {
    this.book = new DeliveryBook(1 + 2 * roomsOf);
  }

  /** The newest reliable number that arrived or that a gap named: the value for `?seq=`. */
  get position(): number {
    return this.book.newestOf(RELIABLE);
  }

  onDamaged(): void {
    this.damaged += 1;
  }

  /** `number` counts the messages of its sender and class. */
  onEntry({ deliveryClass, seq, sender }: Entry, number: number, self: number): void {
    const isReliable = deliveryClass === CLASS.reliable;
    if (isReliable && !this.numbering.onTold(seq, sender, number)) this.misnumbered += 1;
    if (!isReliable && sender === self) return;
    const stream = isReliable ? RELIABLE : this.streamOf(deliveryClass, sender);
    const arrival = this.book.onNumber(stream, isReliable ? seq : number);
    if (arrival === 'impossible') this.onDamaged();
    else if (arrival !== 'doubled' && sender !== self) this.received[deliveryClass] += 1;
  }

  onGap(from: number, to: number): void {
    if (from !== this.position + 1 || to < from) this.wrongGaps += 1;
    this.gaps += 1;
    this.named += to - from + 1;
    this.book.passOver(RELIABLE, to);
  }

  /** Whether every known reliable entry of others has arrived, or was named by a gap. */
  isComplete(self: number): boolean {
    let { last } = this.numbering;
    while (last > this.position && this.numbering.senderOf(last) === self) last -= 1;
    return this.position >= last;
  }

  /** The number of the newest message of that class from that sender. */
  newestOf(deliveryClass: DeliveryClass, sender: number): number {
    return this.book.newestOf(this.streamOf(deliveryClass, sender));
  }

  /** Call it after the last entry had time to arrive. */
  flaws(self: number): Flaws {
    const { misnumbered, damaged, wrongGaps, book, numbering, position } = this;
    const isDue = (seq: number): boolean => numbering.senderOf(seq) !== self;
    let lost = [...book.missingOf(RELIABLE)].filter(isDue).length;
    for (let seq = position + 1; seq <= numbering.last; seq += 1) if (isDue(seq)) lost += 1;
    return { lost, repeated: book.doubled + book.disordered, misnumbered, damaged, wrongGaps };
  }

  private streamOf(deliveryClass: DeliveryClass, sender: number): number {
    return 1 + (deliveryClass === CLASS.latest ? this.roomsOf : 0) + sender;
  }
}
