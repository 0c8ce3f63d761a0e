import { SlabPool } from '../../src/relay/room/slab-pool.js';

/** Says how many of its slabs are out. */
export class CountingPool extends SlabPool {
  private readonly taken = new Set<Uint8Array>();

  constructor(slabBytes: number) {
    super(slabBytes, 1000);
  }

  get out(): number {
    return this.taken.size;
  }

  override take(): Uint8Array {
    const slab = super.take();
    this.taken.add(slab);
    return slab;
  }

  override giveBack(slab: Uint8Array): void {
    super.giveBack(slab);
    this.taken.delete(slab);
  }
}
