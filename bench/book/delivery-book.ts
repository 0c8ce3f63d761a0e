/**
 * The book of deliveries: what came in streams whose messages are numbered from 1, and what did not. A number that is
 * next costs one comparison; a set exists only for a stream that misses something.
 */
export type Arrival = 'next' | 'ahead' | 'late' | 'doubled' | 'impossible';

/** A number further ahead than this cannot be what was sent. */
const MAX_SKIP = 100_000;

export class DeliveryBook {
  /** Each number once, however late it came. */
  delivered = 0;
  doubled = 0;
  /** Came after a later number of the same stream. */
  disordered = 0;
  /** Skipped, and not come since. */
  missing = 0;
  private readonly newest: Uint32Array;
  private readonly skipped = new Map<number, Set<number>>();

  constructor(streams: number) {
    this.newest = new Uint32Array(streams);
  }

  newestOf(stream: number): number {
    return this.newest[stream] ?? 0;
  }

  /** The numbers below the newest that have not come. */
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

  /** Numbers up to this one will not come, and are not missing. */
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
