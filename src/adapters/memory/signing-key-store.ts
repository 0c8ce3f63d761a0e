import type { Clock } from '../../ports/clock.js';
import type { SigningKeyRecord, SigningKeyStore } from '../../ports/signing-key-store.js';

export function createMemorySigningKeyStore(clock: Clock): SigningKeyStore {
  /** Ordered by time of adding. */
  let keys: readonly SigningKeyRecord[] = [];
  const kept = (): readonly SigningKeyRecord[] => keys.filter(({ goneAtMs }) => goneAtMs > clock.nowMs());
  return {
    list: async () => kept(),
    add: async (key, newestKid) => {
      keys = kept();
      if ((keys.at(-1)?.kid ?? null) !== newestKid) return false;
      keys = [...keys, Object.freeze({ ...key })];
      return true;
    },
    keepUntil: async (kid, goneAtMs) => {
      keys = kept();
      const found = keys.find((key) => key.kid === kid);
      if (found === undefined) return false;
      const later = Object.freeze({ ...found, goneAtMs: Math.max(found.goneAtMs, goneAtMs) });
      keys = keys.map((key) => (key === found ? later : key));
      return true;
    },
  };
}
