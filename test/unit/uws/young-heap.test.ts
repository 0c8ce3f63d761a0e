/** V8 collects the young heap before an upgrade or after it, never during it: a collection there can close the socket. */
import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { makeYoungRoom } from '../../../src/adapters/uws/young-heap.js';

/** They fill the largest young heap of 16 MiB many times. */
const UPGRADES = 50_000;
const TURN = 1_000;
const work: { block: unknown[] | null } = { block: null };

/** Allocates 4 to 12 KiB, by chance: the end of the heap falls on each of the steps. */
function allocate(): void {
  work.block = new Array(512 + Math.floor(Math.random() * 1024));
}

/** Does other work and an upgrade by turns, both as allocations; during how many upgrades V8 collects the young heap. */
async function collectionsDuring(before: () => void): Promise<number> {
  const begins: number[] = [];
  const observer = new PerformanceObserver((list) => {
    begins.push(
      ...list
        .getEntries()
        .filter(isOfYoungHeap)
        .map(({ startTime }) => startTime),
    );
  });
  observer.observe({ entryTypes: ['gc'] });
  const upgrades: (readonly [from: number, to: number])[] = [];
  for (let n = 0; n < UPGRADES; n += 1) {
    allocate();
    before();
    const from = performance.now();
    allocate();
    upgrades.push([from, performance.now()]);
    if (n % TURN === 0) await setImmediate();
  }
  await setImmediate();
  observer.disconnect();
  return begins.filter((at) => upgrades.some(([from, to]) => at >= from && at < to)).length;
}

/** Not of the old heap: V8 may collect that whenever JavaScript runs, which an upgrade never does. */
function isOfYoungHeap(entry: PerformanceEntry): boolean {
  const detail: unknown = Reflect.get(entry, 'detail');
  const kind: unknown = typeof detail === 'object' && detail !== null ? Reflect.get(detail, 'kind') : null;
  return kind === constants.NODE_PERFORMANCE_GC_MINOR;
}

describe('the young heap during an upgrade', () => {
  it('EN4 is not collected', async () => {
    expect(await collectionsDuring(makeYoungRoom)).toBe(0);
  });

  it('EN4 the control: without room made before, it is', async () => {
    expect(await collectionsDuring(() => undefined)).toBeGreaterThan(0);
  });
});
