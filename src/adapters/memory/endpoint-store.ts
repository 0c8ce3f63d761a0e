import { deepFreeze } from '../../lib/deep-freeze.js';
import type { EndpointId } from '../../protocol/ids.js';
import type { EndpointRecord, EndpointStore } from '../../ports/endpoint-store.js';

/** The endpoints of webhooks, in this process. */
export function createMemoryEndpointStore(): EndpointStore {
  const endpoints = new Map<EndpointId, EndpointRecord>();
  let revision = 0;
  return {
    put: async (endpoint, mostOfOwner) => {
      const before = endpoints.get(endpoint.id);
      if (endpoint.version !== (before?.version ?? 0) + 1) return 'changed';
      const count = [...endpoints.values()].filter(({ owner }) => owner === endpoint.owner).length;
      if (before === undefined && count >= mostOfOwner) return 'full';
      endpoints.set(endpoint.id, deepFreeze(structuredClone(endpoint)));
      revision += 1;
      return 'written';
    },
    remove: async (id) => {
      revision += 1;
      return endpoints.delete(id);
    },
    list: async () => [...endpoints.values()],
    revision: async () => revision,
  };
}
