/**
 * The reliable entries of one session that a returning member may still need. Bounded in count, bytes and age;
 * what falls out is gone, and a member that needed it is told of the gap.
 */
export interface ReplayBounds {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

export interface KeptEntry {
  readonly seq: number;
  readonly sender: number;
  /** null: everybody. */
  readonly targets: Uint16Array | null;
  readonly payload: Uint8Array;
  readonly atMs: number;
}

export class ReplayWindow {
  private entries: KeptEntry[] = [];
  /** Entries before this position have fallen out; the array is cut when half of it is such. */
  private first = 0;
  private bytes = 0;
  private lastSeq = 0;

  constructor(private readonly bounds: ReplayBounds) {}

  /** The number of the newest entry; 0 before the first. */
  get seq(): number {
    return this.lastSeq;
  }

  /** Numbers the entry and keeps a copy of its payload. */
  append(sender: number, targets: Uint16Array | null, payload: Uint8Array, nowMs: number, maxAgeMs: number): number {
    this.lastSeq += 1;
    this.entries.push({ seq: this.lastSeq, sender, targets, payload: payload.slice(), atMs: nowMs });
    this.bytes += payload.length;
    this.trim(nowMs, maxAgeMs);
    return this.lastSeq;
  }

  /**
   * What came after `seq`. `missing` names the range that was wanted and has fallen out of the window;
   * the entries go on right behind it.
   */
  after(seq: number): {
    readonly missing: { from: number; to: number } | null;
    readonly entries: readonly KeptEntry[];
  } {
    const oldest = this.entries[this.first]?.seq ?? this.lastSeq + 1;
    const missing = seq + 1 < oldest ? { from: seq + 1, to: oldest - 1 } : null;
    const skip = Math.max(0, seq + 1 - oldest);
    return { missing, entries: this.entries.slice(this.first + skip) };
  }

  private trim(nowMs: number, maxAgeMs: number): void {
    let entry = this.entries[this.first];
    while (
      entry !== undefined &&
      (this.entries.length - this.first > this.bounds.maxEntries ||
        this.bytes > this.bounds.maxBytes ||
        entry.atMs < nowMs - maxAgeMs)
    ) {
      this.bytes -= entry.payload.length;
      this.first += 1;
      entry = this.entries[this.first];
    }
    if (this.first > 32 && this.first * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.first);
      this.first = 0;
    }
  }
}
