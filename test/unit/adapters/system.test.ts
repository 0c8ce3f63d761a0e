import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/adapters/system/clock.js';
import { systemCrypto } from '../../../src/adapters/system/crypto.js';

describe('systemCrypto', () => {
  const crypto = systemCrypto();

  it('digests UTF-8 text to base64url', () => {
    expect(crypto.sha256('')).toBe('47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU');
    expect(crypto.sha256('é')).not.toBe(crypto.sha256('e'));
  });

  it('compares secrets of any lengths', () => {
    expect(crypto.sameSecret('abc', 'abc')).toBe(true);
    expect(crypto.sameSecret('abc', 'abd')).toBe(false);
    expect(crypto.sameSecret('abc', 'abcd')).toBe(false);
    expect(crypto.sameSecret('', '')).toBe(true);
  });

  it('gives as many random bytes as asked for', () => {
    expect(crypto.randomBytes(16)).toHaveLength(16);
    expect(crypto.randomBytes(16)).not.toEqual(crypto.randomBytes(16));
  });
});

describe('systemClock', () => {
  const clock = systemClock();

  it('runs a timer once, unless it was cancelled', () => {
    vi.useFakeTimers();
    try {
      const ran: string[] = [];
      const cancelled = clock.after(5, () => ran.push('cancelled'));
      const late = clock.after(10, () => ran.push('late'));
      cancelled.cancel();
      cancelled.cancel();
      vi.advanceTimersByTime(9);
      expect(ran).toEqual([]);
      vi.advanceTimersByTime(100);
      late.cancel();
      expect(ran).toEqual(['late']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('waits longer than a timer of the engine can', () => {
    vi.useFakeTimers();
    try {
      const thirtyDaysMs = 30 * 86_400_000;
      let ran = 0;
      clock.after(thirtyDaysMs, () => (ran += 1));
      const dropped = clock.after(thirtyDaysMs, () => (ran += 100));
      vi.advanceTimersByTime(thirtyDaysMs - 1);
      expect(ran).toBe(0);
      dropped.cancel();
      vi.advanceTimersByTime(1);
      expect(ran).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it('runs what was left for the end of the turn after promises', async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      clock.endOfTurn(() => {
        order.push('end');
        resolve();
      });
      queueMicrotask(() => order.push('microtask'));
    });
    expect(order).toEqual(['microtask', 'end']);
    expect(clock.monotonicMs()).toBeLessThanOrEqual(clock.monotonicMs());
  });
});
