import { deepFreeze } from '../../lib/deep-freeze.js';
import type { Clock } from '../../ports/clock.js';
import type { NodeRecord, NodeStore } from '../../ports/node-store.js';
import type { NodeId } from '../../protocol/ids.js';

/** The nodes that share this store: one in production, several in tests. */
export function createMemoryNodeStore(clock: Clock): NodeStore {
  const nodes = new Map<NodeId, NodeRecord>();
  return {
    isShared: false,
    heartbeat: async (report, leaseMs) => {
      const nowMs = clock.nowMs();
      const leaseBeforeMs = nodes.get(report.id)?.leaseUntilMs ?? null;
      nodes.set(report.id, deepFreeze({ ...structuredClone(report), leaseUntilMs: nowMs + leaseMs }));
      const dead = [...nodes.values()].filter(({ leaseUntilMs }) => leaseUntilMs <= nowMs);
      for (const { id } of dead) nodes.delete(id);
      return { live: [...nodes.values()], leaseBeforeMs, lost: dead.map(({ id }) => id) };
    },
    leave: async (id) => {
      nodes.delete(id);
    },
  };
}
