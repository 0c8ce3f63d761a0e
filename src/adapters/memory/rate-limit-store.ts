import type { Clock } from '../../ports/clock.js';
import type { Rate, RateLimitStore } from '../../ports/rate-limit-store.js';
import { ExpiringMap } from './expiring-map.js';

/**
 * The use of a key that is not restored yet, in whole units: one use costs `periodMs` units, and each millisecond
 * restores `burst` units. This is GCRA without fractions, so there is no rounding error.
 */
interface Level {
  readonly units: number;
  readonly atMs: number;
}

export function createMemoryRateLimitStore(clock: Clock): RateLimitStore {
  const levels = new ExpiringMap<string, Level>(clock);

  function taken(key: string, { burst, periodMs }: Rate): Level {
    const nowMs = clock.nowMs();
    const { units, atMs } = levels.get(key) ?? { units: 0, atMs: nowMs };
    const left = Math.max(0, units - Math.max(0, nowMs - atMs) * burst);
    return { units: left + periodMs, atMs: Math.max(nowMs, atMs) };
  }

  return {
    take: async (limits) => {
      const nexts = limits.map(({ key, rate }) => ({ key, rate, next: taken(key, rate) }));
      const waits = nexts.map(({ rate, next }) => Math.ceil((next.units - rate.burst * rate.periodMs) / rate.burst));
      const retryAfterMs = Math.max(0, ...waits);
      if (retryAfterMs > 0) return { allowed: false, retryAfterMs };
      for (const { key, rate, next } of nexts) levels.set(key, next, next.atMs + Math.ceil(next.units / rate.burst));
      return { allowed: true };
    },
    reset: async (key) => {
      levels.delete(key);
    },
  };
}
