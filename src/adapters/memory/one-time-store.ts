import type { Clock } from '../../ports/clock.js';
import type { OneTimeKind, OneTimeStore } from '../../ports/one-time-store.js';
import { ExpiringMap } from './expiring-map.js';

export function createMemoryOneTimeStore(clock: Clock): OneTimeStore {
  const values = new ExpiringMap<string, string>(clock);
  const keyOf = (kind: OneTimeKind, name: string): string => `${kind} ${name}`;
  return {
    put: async (kind, name, value, ttlMs) => {
      values.set(keyOf(kind, name), value, clock.nowMs() + ttlMs);
    },
    take: async (kind, name) => {
      const value = values.get(keyOf(kind, name)) ?? null;
      values.delete(keyOf(kind, name));
      return value;
    },
    peek: async (kind, name) => values.get(keyOf(kind, name)) ?? null,
  };
}
