/** The deliveries of a load: each receiver must get each message of each other member of its room once and in order. */
import { DeliveryBook } from './delivery-book.js';

export interface Counts {
  /** Each message counts once for each other member of its sender's room. */
  readonly due: number;
  readonly delivered: number;
  readonly lost: number;
  readonly doubled: number;
  readonly disordered: number;
  /** Entries that were never sent: of no member, or with a number far ahead. */
  readonly damaged: number;
}

export class Tally {
  /** A stream for each pair of receiver and sender. */
  private readonly book: DeliveryBook;
  private due = 0;
  private damaged = 0;

  constructor(
    clients: number,
    private readonly roomsOf: number,
  ) {
    this.book = new DeliveryBook(clients * roomsOf);
  }

  get delivered(): number {
    return this.book.delivered;
  }

  get isComplete(): boolean {
    return this.delivered >= this.due;
  }

  onSent(): void {
    this.due += this.roomsOf - 1;
  }

  /** `receiver` is among all clients, `sender` an index in its room, `number` counts the sender's messages from 1. */
  onDelivered(receiver: number, sender: number, number: number): void {
    const isMember = sender < this.roomsOf;
    const arrival = isMember ? this.book.onNumber(receiver * this.roomsOf + sender, number) : 'impossible';
    if (arrival === 'impossible') this.onDamaged();
  }

  onDamaged(): void {
    this.damaged += 1;
  }

  counts(): Counts {
    const { due, damaged } = this;
    const { delivered, doubled, disordered } = this.book;
    return { due, delivered, lost: due - delivered, doubled, disordered, damaged };
  }

  /** While the load runs. `missing`: later messages arrived first. */
  progress(): { readonly due: number; readonly delivered: number; readonly missing: number } {
    const { delivered, missing } = this.book;
    return { due: this.due, delivered, missing };
  }
}
