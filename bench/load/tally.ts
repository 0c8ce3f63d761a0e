/**
 * Every delivery is counted: each receiver must get each message of each other member of its room once and in order.
 * What is as it should be costs one comparison; sets exist only for what is missing.
 */
export interface Counts {
  /** Each message counts once for each other member of its sender's room. */
  readonly due: number;
  readonly delivered: number;
  readonly lost: number;
  readonly doubled: number;
  readonly disordered: number;
  /** Entries that cannot be what was sent: of no member, or with a number far ahead. */
  readonly damaged: number;
}

const MAX_SKIP = 100_000;

export class Tally {
  delivered = 0;
  private due = 0;
  private doubled = 0;
  private disordered = 0;
  private damaged = 0;
  /** Skipped, and not come since. */
  private skipped = 0;
  /** Of each pair of receiver and sender: the number of the newest message that came. */
  private readonly newest: Uint32Array;
  /** Of pairs with a skip: what was skipped and has not come since. */
  private readonly missing = new Map<number, Set<number>>();

  constructor(
    clients: number,
    private readonly roomsOf: number,
  ) {
    this.newest = new Uint32Array(clients * roomsOf);
  }

  get isComplete(): boolean {
    return this.delivered >= this.due;
  }

  onSent(): void {
    this.due += this.roomsOf - 1;
  }

  /** `receiver` is of all clients, `sender` an index in its room, `number` counts the sender's messages from 1. */
  onDelivered(receiver: number, sender: number, number: number): void {
    if (sender >= this.roomsOf) {
      this.damaged += 1;
      return;
    }
    const pair = receiver * this.roomsOf + sender;
    const next = (this.newest[pair] ?? 0) + 1;
    if (number === next) {
      this.newest[pair] = number;
      this.delivered += 1;
    } else {
      this.onOdd(pair, next, number);
    }
  }

  onDamaged(): void {
    this.damaged += 1;
  }

  counts(): Counts {
    const { due, delivered, doubled, disordered, damaged } = this;
    return { due, delivered, lost: due - delivered, doubled, disordered, damaged };
  }

  /** What is known while it runs: of what was due, `missing` was overtaken by what followed. */
  progress(): { readonly due: number; readonly delivered: number; readonly missing: number } {
    return { due: this.due, delivered: this.delivered, missing: this.skipped };
  }

  private onOdd(pair: number, next: number, number: number): void {
    if (number > next + MAX_SKIP || number === 0) {
      this.damaged += 1;
      return;
    }
    const missing = this.missing.get(pair) ?? new Set();
    this.missing.set(pair, missing);
    if (number > next) {
      for (let skipped = next; skipped < number; skipped += 1) missing.add(skipped);
      this.skipped += number - next;
      this.newest[pair] = number;
      this.delivered += 1;
    } else if (missing.delete(number)) {
      this.skipped -= 1;
      this.disordered += 1;
      this.delivered += 1;
    } else {
      this.doubled += 1;
    }
  }
}
