import { z } from 'zod';
import type { EndpointRecord, EndpointStore } from '../../ports/endpoint-store.js';
import { parseEndpointId, parseProjectId } from '../../protocol/ids.js';
import type { Keys } from './keys.js';
import type { RedisLink } from './link.js';
import { asInteger, asList, asText, known, unexpected } from './replies.js';
import type { Scripts } from './script.js';

const recordSchema = z.object({
  id: z.string(),
  owner: z.string(),
  url: z.string(),
  types: z.array(z.string()).nullable(),
  secrets: z.array(z.object({ sealed: z.string(), validUntilMs: z.number().nullable() })),
  paused: z.enum(['asked', 'gone']).nullable(),
  createdAtMs: z.number(),
  version: z.number(),
});

/** The endpoints of webhooks in one hash: there are few, and each node reads all of them when one changed. */
export function createRedisEndpointStore(link: RedisLink, keys: Keys, scripts: Scripts): EndpointStore {
  const [endpoints, , revision] = keys.endpoints;
  return {
    put: async (endpoint, mostOfOwner) => {
      const { id, owner, version } = endpoint;
      const args = [id, owner, version, mostOfOwner, JSON.stringify(endpoint)];
      const reply = await link.run('endpoints.put', scripts.endpointPut, keys.endpoints, args);
      if (reply === 'written' || reply === 'full' || reply === 'changed') return reply;
      throw unexpected('the outcome of a write');
    },
    remove: async (id) =>
      asInteger(await link.run('endpoints.remove', scripts.endpointRemove, keys.endpoints, [id])) === 1,
    list: async () =>
      asList(await link.read('endpoints.list', 'HVALS', endpoints))
        .map(decodeEndpoint)
        .sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1)),
    revision: async () => asInteger((await link.read('endpoints.revision', 'GET', revision)) ?? 0),
  };
}

function decodeEndpoint(reply: unknown): EndpointRecord {
  const { id, owner, ...record } = recordSchema.parse(JSON.parse(asText(reply)));
  return {
    ...record,
    id: known(parseEndpointId(id), 'an endpoint id'),
    owner: owner === 'all' ? owner : known(parseProjectId(owner), 'a project id'),
  };
}
