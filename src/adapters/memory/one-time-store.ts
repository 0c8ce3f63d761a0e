import type { Clock } from '../../ports/clock.js';
import type { OneTimeKind, OneTimeStore } from '../../ports/one-time-store.js';
import { ExpiringMap, type MapBound } from './expiring-map.js';

/**
 * A missing value is refused everywhere, or (a known address) only takes a favour back, so a dropped one opens nothing:
 * its holder asks for another. Each kind has a bound of its own, so that a flood of nonces, which anybody can ask for,
 * pushes out no ticket.
 */
const BOUND: MapBound = { most: 100_000, whenFull: 'drop' };

export function createMemoryOneTimeStore(clock: Clock, bound: MapBound = BOUND): OneTimeStore {
  const values = (): ExpiringMap<string, string> => new ExpiringMap(clock, bound);
  const kinds: Readonly<Record<OneTimeKind, ExpiringMap<string, string>>> = {
    wallet_nonce: values(),
    sign_in_ticket: values(),
    password_reset: values(),
    known_address: values(),
  };
  return {
    put: async (kind, name, value, ttlMs) => {
      kinds[kind].set(name, value, clock.nowMs() + ttlMs);
    },
    take: async (kind, name) => {
      const value = kinds[kind].get(name) ?? null;
      kinds[kind].delete(name);
      return value;
    },
    peek: async (kind, name) => kinds[kind].get(name) ?? null,
  };
}
