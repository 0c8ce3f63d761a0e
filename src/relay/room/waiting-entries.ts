/** The entries of one durable room that are accepted and not released, in the order of acceptance. */
import type { DeliveryClass } from '../../protocol/wire.js';
import { loggedBytes } from './log-batch.js';
import type { WaitingTotal } from './waiting-total.js';

/** The memory that the objects of a waiting entry take beside its bytes, about. */
const ENTRY_COST_BYTES = 200;
/** So many released entries are kept in the list at most, unless it is twice as long. */
const RELEASED_KEPT = 1024;

export interface AcceptedEntry {
  readonly sender: number;
  readonly deliveryClass: DeliveryClass;
  /** Used by class latest. */
  readonly key: number;
  /** null: everybody. */
  readonly targets: Uint16Array | null;
  readonly payload: Uint8Array;
}

/** Answers the sender of an entry that waited: one call for each. */
export interface Answer {
  onReleased(ref: number | null, seq: number): void;
  /** The store does not take the entry: nobody gets it. */
  onRefused(ref: number | null): void;
  /** The room is gone. The next home may deliver the entry. */
  onUnknown(): void;
}

export interface WaitingEntry {
  /** 0 for classes without a number. */
  readonly seq: number;
  readonly entry: AcceptedEntry;
  readonly ref: number | null;
  readonly answer: Answer;
}

export class WaitingEntries {
  private list: WaitingEntry[] = [];
  /** Those before it are released. */
  private head = 0;
  private bytes = 0;

  constructor(private readonly total: WaitingTotal) {}

  get isEmpty(): boolean {
    return this.head === this.list.length;
  }

  hasRoomFor(entry: AcceptedEntry): boolean {
    return this.total.hasRoomFor(this.bytes, costOf(entry));
  }

  push(waiting: WaitingEntry): void {
    this.list.push(waiting);
    this.account(costOf(waiting.entry), 1);
  }

  /** Takes the oldest one if its number is at most `seq`; null: it has a higher one, or nothing waits. */
  takeUpTo(seq: number): WaitingEntry | null {
    const next = this.list[this.head];
    if (next === undefined || next.seq > seq) return null;
    this.head += 1;
    this.account(-costOf(next.entry), -1);
    if (this.isEmpty) this.clear();
    else if (this.head > RELEASED_KEPT && 2 * this.head > this.list.length) {
      this.list = this.list.slice(this.head);
      this.head = 0;
    }
    return next;
  }

  takeAll(): readonly WaitingEntry[] {
    const all = this.list.slice(this.head);
    this.clear();
    for (const { entry } of all) this.account(-costOf(entry), -1);
    return all;
  }

  private clear(): void {
    this.list = [];
    this.head = 0;
  }

  private account(bytes: number, entries: number): void {
    this.bytes += bytes;
    this.total.add(bytes, entries);
  }
}

function costOf(entry: AcceptedEntry): number {
  return ENTRY_COST_BYTES + loggedBytes(entry);
}
