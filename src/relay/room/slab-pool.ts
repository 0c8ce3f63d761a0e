/**
 * Buffers of one size for the backlogs of slow receivers. A caller takes a buffer and gives it back.
 *
 * The buffers are shared buffers (`SharedArrayBuffer`), though no thread shares them, because V8 does not count their
 * bytes. With ordinary buffers, each 10 MB of backlog makes V8 collect all garbage, which delays everybody by 20 to
 * 30 ms (the p99 of the other receivers rose by a factor of 1.45 instead of 1.05). Memory that V8 does not count must
 * not be left to its collector: the pool keeps at most `maxSlabs` of them forever. Beyond that number a caller gets
 * an ordinary buffer.
 */
export class SlabPool {
  private readonly pooled = new Set<Uint8Array>();
  private readonly free: Uint8Array[] = [];

  constructor(
    readonly slabBytes: number,
    private readonly maxSlabs: number,
  ) {}

  /** A buffer of `slabBytes`, with whatever was in it. */
  take(): Uint8Array {
    const used = this.free.pop();
    if (used !== undefined) return used;
    if (this.pooled.size >= this.maxSlabs) return new Uint8Array(this.slabBytes);
    const slab = new Uint8Array(new SharedArrayBuffer(this.slabBytes));
    this.pooled.add(slab);
    return slab;
  }

  /** The pool may reuse the bytes from now on. Any other buffer may be given, too, and is left to the collector. */
  giveBack(slab: Uint8Array): void {
    if (this.pooled.has(slab)) this.free.push(slab);
  }
}
