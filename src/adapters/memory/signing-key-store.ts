import type { Clock } from '../../ports/clock.js';
import type { SigningKeyRecord, SigningKeyStore } from '../../ports/signing-key-store.js';

export function createMemorySigningKeyStore(clock: Clock): SigningKeyStore {
  /** In the order they were added. */
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
  };
}
