/** V8 collects garbage before an upgrade or after it, never during it: a collection there can close the socket. */
import { setImmediate } from 'node:timers/promises';
import { PerformanceObserver } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { makeYoungRoom } from '../../../src/adapters/uws/young-heap.js';

/** They fill the largest young heap of 16 MiB many times. */
const UPGRADES = 120_000;
/** Lengths of arrays with 4 to 10 KiB, so that the end of the heap falls on each of the steps. */
const lengthOf = (n: number): number => 500 + (n % 7) * 120;
const work: { block: unknown[] | null } = { block: null };

/** Does other work and an upgrade by turns, both as allocations; how many collections began during an upgrade. */
async function collectionsDuring(before: () => void): Promise<{ readonly all: number; readonly during: number }> {
  const begins: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { startTime } of list.getEntries()) begins.push(startTime);
  });
  observer.observe({ entryTypes: ['gc'] });
  const upgrades: [number, number][] = [];
  for (let n = 0; n < UPGRADES; n += 1) {
    work.block = new Array(lengthOf(n));
    before();
    const from = performance.now();
    work.block = new Array(lengthOf(n + 3));
    upgrades.push([from, performance.now()]);
    if (n % 1000 === 0) await setImmediate();
  }
  await setImmediate();
  observer.disconnect();
  const during = begins.filter((at) => upgrades.some(([from, to]) => at >= from && at < to)).length;
  return { all: begins.length, during };
}

describe('the young heap during an upgrade', () => {
  it('EN4 is not collected', async () => {
    const { all, during } = await collectionsDuring(makeYoungRoom);
    expect([all > 10, during]).toEqual([true, 0]);
  });

  it('EN4 the control: without room made before, it is', async () => {
    const { during } = await collectionsDuring(() => undefined);
    expect(during).toBeGreaterThan(0);
  });
});
