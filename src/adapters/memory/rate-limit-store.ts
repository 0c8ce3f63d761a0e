import type { Clock } from '../../ports/clock.js';
import type { Rate, RateLimitStore } from '../../ports/rate-limit-store.js';
import { ExpiringMap, type MapBound } from './expiring-map.js';

/**
 * The use of a key that is not restored yet, in whole units: one use costs `periodMs` units, and each millisecond
 * restores `burst` units. This is GCRA without fractions, so there is no rounding error.
 */
interface Level {
  readonly units: number;
  readonly atMs: number;
}

/**
 * A dropped level would give its attacker the whole burst back, so the table refuses new keys when it is full. To fill
 * it takes this many keys within their periods; meanwhile keys that it holds go on as usual.
 */
const BOUND: MapBound = { most: 500_000, whenFull: 'refuse' };
/** Levels expire all the time: a caller without room may find some soon. */
const FULL_RETRY_MS = 1000;

export function createMemoryRateLimitStore(clock: Clock, bound: MapBound = BOUND): RateLimitStore {
  const levels = new ExpiringMap<string, Level>(clock, bound);

  function taken(key: string, { burst, periodMs }: Rate): Level {
    const nowMs = clock.nowMs();
    const { units, atMs } = levels.get(key) ?? { units: 0, atMs: nowMs };
    const left = Math.max(0, units - Math.max(0, nowMs - atMs) * burst);
    return { units: left + periodMs, atMs: Math.max(nowMs, atMs) };
  }

  return {
    take: async (limits) => {
      if (!levels.hasRoomFor(limits.map(({ key }) => key))) return { allowed: false, retryAfterMs: FULL_RETRY_MS };
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
