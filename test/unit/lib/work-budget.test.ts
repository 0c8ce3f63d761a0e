import { describe, expect, it } from 'vitest';
import { MAX_CHARGE_MS, WorkBudget } from '../../../src/lib/work-budget.js';

describe('a budget of work', () => {
  it('LM8 gives so many milliseconds in a second, whatever comes of a frame', () => {
    const budget = new WorkBudget(20, 0);
    let served = 0;
    // Frames of 2 ms, 200 of them in each second, for ten seconds.
    for (let atMs = 0; atMs < 10_000; atMs += 5) {
      if (!budget.has(atMs)) continue;
      served += 1;
      budget.charge(2);
    }
    // A second's worth that was saved up, and ten that came back, at 2 ms each.
    expect(served).toBeGreaterThanOrEqual(109);
    expect(served).toBeLessThanOrEqual(111);
  });

  it('LM8 charges a pause of the machine 5 ms at most: three in a second cost nobody a frame', () => {
    const budget = new WorkBudget(20, 0);
    for (let n = 0; n < 3; n += 1) {
      budget.charge(300);
      expect(budget.has(0)).toBe(true);
    }
    budget.charge(300);
    expect(budget.has(0)).toBe(false);
    expect(MAX_CHARGE_MS).toBe(5);
  });

  it('LM9 names an episode once, and another only after it was calm', () => {
    const budget = new WorkBudget(20, 0);
    const charges = (n: number): boolean[] => Array.from({ length: n }, () => budget.charge(5));
    expect(charges(6)).toEqual([false, false, false, true, false, false]);
    // Ten milliseconds are owed: after 900 there are eight, which is not calm.
    expect(budget.has(900)).toBe(true);
    expect(charges(4)).toEqual([false, false, false, false]);
    expect(budget.has(3000)).toBe(true);
    expect(charges(4)).toEqual([false, false, false, true]);
  });

  it('LM2 0 means no limit', () => {
    const budget = new WorkBudget(0, 0);
    for (let n = 0; n < 100; n += 1) expect(budget.charge(5)).toBe(false);
    expect(budget.has(0)).toBe(true);
  });
});
