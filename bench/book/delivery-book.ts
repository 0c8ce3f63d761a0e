/**
 * The book of deliveries: which messages of numbered streams arrived, and which did not. Numbers start at 1. The next
 * number costs one comparison; only a stream that misses something has a set.
 */
export type Arrival = 'next' | 'ahead' | 'late' | 'doubled' | 'impossible';

/** A number further ahead than this was never sent. */
const MAX_SKIP = 100_000;

export class DeliveryBook {
  /** Counts each number once, however late it arrived. */
  delivered = 0;
  doubled = 0;
  /** How many arrived after a later number of the same stream. */
  disordered = 0;
  /** How many were skipped and have not arrived since. */
  missing = 0;
  private readonly newest: Uint32Array;
  private readonly skipped = new Map<number, Set<number>>();

  constructor(streams: number) {
    this.newest = new Uint32Array(streams);
  }

  newestOf(stream: number): number {
    return this.newest[stream] ?? 0;
  }

  /** The numbers below the newest that have not arrived. */
  missingOf(stream: number): Iterable<number> {
    return this.skipped.get(stream) ?? [];
  }

  onNumber(stream: number, number: number): Arrival {
    const next = this.newestOf(stream) + 1;
    if (number !== next) return this.onOdd(stream, next, number);
    this.newest[stream] = number;
    this.delivered += 1;
    return 'next';
  }

  /** Numbers up to this one will not arrive, and do not count as missing. */
  passOver(stream: number, upTo: number): void {
    this.newest[stream] = Math.max(this.newestOf(stream), upTo);
  }

  private onOdd(stream: number, next: number, number: number): Arrival {
    if (number === 0 || number > next + MAX_SKIP) return 'impossible';
    const skipped = this.skipped.get(stream) ?? new Set();
    this.skipped.set(stream, skipped);
    if (number > next) {
      for (let each = next; each < number; each += 1) skipped.add(each);
      this.missing += number - next;
      this.newest[stream] = number;
      this.delivered += 1;
      return 'ahead';
    }
    if (!skipped.delete(number)) {
      this.doubled += 1;
      return 'doubled';
    }
    this.missing -= 1;
    this.disordered += 1;
    this.delivered += 1;
    return 'late';
  }
}
