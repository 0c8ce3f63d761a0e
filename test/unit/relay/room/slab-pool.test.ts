import { describe, expect, it } from 'vitest';
import { SlabPool } from '../../../../src/relay/room/slab-pool.js';

describe('slab pool', () => {
  it('hands out what was given back before it makes more', () => {
    const pool = new SlabPool(100, 2);
    const [one, two] = [pool.take(), pool.take()];
    expect([one.length, two.length]).toEqual([100, 100]);
    pool.giveBack(one);
    expect(pool.take()).toBe(one);
    expect(pool.take()).not.toBe(two);
  });

  it('keeps as many as it may, whose bytes the collector does not count, and no more', () => {
    const pool = new SlabPool(100, 2);
    const taken = [pool.take(), pool.take(), pool.take()];
    expect(taken.map(({ buffer }) => buffer instanceof SharedArrayBuffer)).toEqual([true, true, false]);
    for (const slab of taken) pool.giveBack(slab);
    const again = [pool.take(), pool.take(), pool.take()];
    expect(new Set([...taken, ...again]).size).toBe(4);
  });

  it('leaves buffers of others to the collector', () => {
    const pool = new SlabPool(100, 2);
    const stranger = new Uint8Array(100);
    pool.giveBack(stranger);
    expect(pool.take()).not.toBe(stranger);
  });
});
