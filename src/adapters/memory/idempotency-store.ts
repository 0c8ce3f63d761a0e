import { deepFreeze } from '../../lib/deep-freeze.js';
import type { Clock } from '../../ports/clock.js';
import type { HttpResponse } from '../../ports/http.js';
import type { IdempotencyStore, IdempotentCall } from '../../ports/idempotency-store.js';

/** At most one sweep for expired entries in this time. */
const SWEEP_EVERY_MS = 10_000;

interface Entry extends Pick<IdempotentCall, 'fingerprint' | 'operationId' | 'owner'> {
  readonly runningUntilMs: number;
  /** null until the call has ended. */
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

  /** The entry, if it still belongs to this operation. */
  function own(key: string, operationId: string): Entry | null {
    const entry = live(key);
    return entry?.operationId === operationId ? entry : null;
  }

  return {
    start: async ({ key, fingerprint, operationId, owner, runningTtlMs, ttlMs }) => {
      const entry = live(key);
      const nowMs = clock.nowMs();
      if (entry !== null) {
        if (entry.fingerprint !== fingerprint) return { outcome: 'conflict' };
        if (entry.response !== null) return { outcome: 'finished', response: entry.response };
        if (entry.owner !== owner && entry.runningUntilMs > nowMs) return { outcome: 'running' };
      }
      const started = entry?.operationId ?? operationId;
      const expiresAtMs = entry?.expiresAtMs ?? nowMs + ttlMs;
      const runningUntilMs = nowMs + runningTtlMs;
      entries.set(key, { fingerprint, operationId: started, owner, runningUntilMs, response: null, expiresAtMs });
      return { outcome: 'started', operationId: started };
    },
    finish: async (key, operationId, response) => {
      const entry = own(key, operationId);
      if (entry !== null) entries.set(key, { ...entry, response: deepFreeze(structuredClone(response)) });
    },
    release: async (key, operationId) => {
      const entry = own(key, operationId);
      if (entry !== null) entries.set(key, { ...entry, runningUntilMs: 0 });
    },
    forget: async (key, operationId) => {
      if (own(key, operationId) !== null) entries.delete(key);
    },
  };
}
