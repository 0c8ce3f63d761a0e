/**
 * Buffers of one size for what waits for slow receivers, handed out and given back by name.
 *
 * They are shared buffers, though nobody shares them: of these V8 does not count the bytes. Of others every 10 MB that
 * a few slow receivers gather are a reason for it to collect all garbage, which holds everybody up for 20 to 30 ms (the
 * others' p99 rose to 1.45 times what it was, instead of 1.05). What is not counted must not be left to the collector
 * either: there are never more than `maxSlabs`, and those are kept. Whoever needs one beyond that gets an ordinary buffer.
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

  /** Its bytes may be overwritten from now on. Any other buffer may be given, too, and is left to the collector. */
  giveBack(slab: Uint8Array): void {
    if (this.pooled.has(slab)) this.free.push(slab);
  }
}
