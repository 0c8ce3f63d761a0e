import { z } from 'zod';
import { SCOPES, type ApiKeyRecord, type KeyStore } from '../../ports/key-store.js';
import { parseKeyId, parseProjectId } from '../../protocol/ids.js';
import type { Keys } from './keys.js';
import type { RedisLink } from './link.js';
import { asInteger, asList, asText, known } from './replies.js';
import type { Scripts } from './script.js';

const recordSchema = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  projectId: z.string(),
  secretHash: z.string(),
  createdAtMs: z.number(),
});

/** API keys in one hash: there are few, and each is read by its id. */
export function createRedisKeyStore(link: RedisLink, keys: Keys, scripts: Scripts): KeyStore {
  return {
    put: async (key) => {
      await link.command('keys.put', 'HSET', keys.apiKeys, key.id, JSON.stringify(key));
    },
    get: async (id) => {
      const reply = await link.command('keys.get', 'HGET', keys.apiKeys, id);
      return reply === null ? null : decodeKey(reply);
    },
    list: async (projectId) => {
      const all = asList(await link.command('keys.list', 'HVALS', keys.apiKeys)).map(decodeKey);
      return all
        .filter((key) => projectId === 'all' || key.projectId === projectId)
        .sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1));
    },
    remove: async (id, projectId) => {
      const scope = projectId === 'all' ? '' : projectId;
      return asInteger(await link.run('keys.remove', scripts.keyRemove, [keys.apiKeys], [id, scope])) === 1;
    },
  };
}

function decodeKey(reply: unknown): ApiKeyRecord {
  const record = recordSchema.parse(JSON.parse(asText(reply)));
  return {
    ...record,
    id: known(parseKeyId(record.id), 'a key id'),
    projectId: known(parseProjectId(record.projectId), 'a project id'),
  };
}
