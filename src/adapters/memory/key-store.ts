import { deepFreeze } from '../../lib/deep-freeze.js';
import type { ApiKeyRecord, KeyStore } from '../../ports/key-store.js';
import type { KeyId } from '../../protocol/ids.js';

/** API keys in this process. */
export function createMemoryKeyStore(): KeyStore {
  const keys = new Map<KeyId, ApiKeyRecord>();
  return {
    put: async (key) => {
      const lastUsedAtMs = keys.get(key.id)?.lastUsedAtMs ?? null;
      keys.set(key.id, deepFreeze({ ...structuredClone(key), lastUsedAtMs }));
    },
    get: async (id) => keys.get(id) ?? null,
    list: async (projectId) =>
      [...keys.values()]
        .filter((key) => projectId === 'all' || key.projectId === projectId)
        .sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1)),
    remove: async (id, projectId) => {
      const key = keys.get(id);
      if (key === undefined || (projectId !== 'all' && key.projectId !== projectId)) return false;
      return keys.delete(id);
    },
    noteUse: async (id, atMs) => {
      const key = keys.get(id);
      if (key === undefined || (key.lastUsedAtMs ?? 0) >= atMs) return;
      keys.set(id, deepFreeze({ ...key, lastUsedAtMs: atMs }));
    },
  };
}
