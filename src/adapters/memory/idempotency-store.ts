import { deepFreeze } from '../../lib/deep-freeze.js';
import type { Clock } from '../../ports/clock.js';
import type { HttpResponse } from '../../ports/http.js';
import type { IdempotencyStore } from '../../ports/idempotency-store.js';

/** Expired entries are looked for at most this often. */
const SWEEP_EVERY_MS = 10_000;

interface Entry {
  readonly fingerprint: string;
  /** null while it runs. */
  readonly response: HttpResponse | null;
  readonly expiresAtMs: number;
}

export function createMemoryIdempotencyStore(clock: Clock): IdempotencyStore {
  const entries = new Map<string, Entry>();
  let sweptAtMs = clock.nowMs();

  function live(key: string): Entry | null {
    const nowMs = clock.nowMs();
    if (nowMs - sweptAtMs >= SWEEP_EVERY_MS) {
      sweptAtMs = nowMs;
      for (const [other, entry] of entries) if (entry.expiresAtMs <= nowMs) entries.delete(other);
    }
    const entry = entries.get(key);
    return entry === undefined || entry.expiresAtMs <= nowMs ? null : entry;
  }

  return {
    start: async (key, fingerprint, runningTtlMs) => {
      const entry = live(key);
      if (entry === null) {
        entries.set(key, { fingerprint, response: null, expiresAtMs: clock.nowMs() + runningTtlMs });
        return { outcome: 'started' };
      }
      if (entry.fingerprint !== fingerprint) return { outcome: 'conflict' };
      return entry.response === null ? { outcome: 'running' } : { outcome: 'finished', response: entry.response };
    },
    finish: async (key, fingerprint, response, ttlMs) => {
      const entry = live(key);
      // A start that ran out may have been followed by another request's: its answer is not ours to give.
      if (entry !== null && entry.fingerprint !== fingerprint) return;
      const kept = deepFreeze(structuredClone(response));
      entries.set(key, { fingerprint, response: kept, expiresAtMs: clock.nowMs() + ttlMs });
    },
    forget: async (key) => {
      entries.delete(key);
    },
  };
}
