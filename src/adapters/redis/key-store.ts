import { z } from 'zod';
import { SCOPES, type ApiKeyRecord, type KeyStore } from '../../ports/key-store.js';
import { parseKeyId, parseProjectId } from '../../protocol/ids.js';
import type { Keys } from './keys.js';
import type { RedisLink } from './link.js';
import { asInteger, asList, asPairs, asText, known } from './replies.js';
import type { Scripts } from './script.js';

const recordSchema = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  projectId: z.string(),
  secretHash: z.string(),
  createdAtMs: z.number(),
});

/** A key's id and this suffix name the field of its last use. Ids contain no slash. */
const USED = '/used';

/**
 * API keys in one hash: there are few, and callers read each by its id. The time of a key's last use has its own field
 * beside the record, so that noting a use writes one number and never the record.
 */
export function createRedisKeyStore(link: RedisLink, keys: Keys, scripts: Scripts): KeyStore {
  return {
    // A script, because it has a deadline. A stalled Redis carries out a waiting command when it wakes, long after the
    // caller was told that it failed.
    put: async (key) => {
      const record = JSON.stringify({ ...key, lastUsedAtMs: undefined });
      await link.run('keys.put', scripts.keyPut, [keys.apiKeys], [key.id, record]);
    },
    get: async (id) => {
      const [record, used] = asList(await link.read('keys.get', 'HMGET', keys.apiKeys, id, `${id}${USED}`));
      return record == null ? null : decodeKey(record, used);
    },
    list: async (projectId) => {
      const fields = new Map(asPairs(await link.read('keys.list', 'HGETALL', keys.apiKeys)));
      return [...fields]
        .filter(([name]) => !name.endsWith(USED))
        .map(([id, record]) => decodeKey(record, fields.get(`${id}${USED}`)))
        .filter((key) => projectId === 'all' || key.projectId === projectId)
        .sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1));
    },
    remove: async (id, projectId) => {
      const scope = projectId === 'all' ? '' : projectId;
      return asInteger(await link.run('keys.remove', scripts.keyRemove, [keys.apiKeys], [id, scope])) === 1;
    },
    noteUse: async (id, atMs) => {
      await link.run('keys.noteUse', scripts.keyUse, [keys.apiKeys], [id, atMs]);
    },
  };
}

function decodeKey(reply: unknown, used: unknown): ApiKeyRecord {
  const record = recordSchema.parse(JSON.parse(asText(reply)));
  return {
    ...record,
    id: known(parseKeyId(record.id), 'a key id'),
    projectId: known(parseProjectId(record.projectId), 'a project id'),
    lastUsedAtMs: used == null ? null : asInteger(used),
  };
}
