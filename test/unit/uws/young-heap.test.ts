/** V8 collects garbage before an upgrade or after it, never during it: a collection there can close the socket. */
import { getHeapSpaceStatistics } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { makeYoungRoom } from '../../../src/adapters/uws/young-heap.js';

/** They fill the largest young heap of 16 MiB many times. */
const UPGRADES = 50_000;
const work: { block: unknown[] | null } = { block: null };

/** Allocates 4 to 12 KiB, by chance: the end of the heap falls on each of the steps. */
function allocate(): void {
  work.block = new Array(512 + Math.floor(Math.random() * 1024));
}

function usedYoungBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_used_size ?? 0;
}

/** Does other work and an upgrade by turns, both as allocations; during how many upgrades the young heap shrank. */
function collectionsDuring(before: () => void): number {
  let collections = 0;
  for (let n = 0; n < UPGRADES; n += 1) {
    allocate();
    before();
    const used = usedYoungBytes();
    allocate();
    if (usedYoungBytes() < used) collections += 1;
  }
  return collections;
}

describe('the young heap during an upgrade', () => {
  it('EN4 is not collected', () => {
    expect(collectionsDuring(makeYoungRoom)).toBe(0);
  });

  it('EN4 the control: without room made before, it is', () => {
    expect(collectionsDuring(() => undefined)).toBeGreaterThan(0);
  });
});
