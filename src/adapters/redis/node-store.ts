import { z } from 'zod';
import type { NodeRecord, NodeStore } from '../../ports/node-store.js';
import { parseNodeId } from '../../protocol/ids.js';
import type { Keys } from './keys.js';
import type { RedisLink } from './link.js';
import { asInteger, asList, asPairs, asText, known } from './replies.js';
import type { Scripts } from './script.js';

const reportSchema = z.object({
  id: z.string(),
  state: z.enum(['ready', 'draining']),
  startedAtMs: z.number(),
  labels: z.record(z.string(), z.string()),
  publicUrl: z.string(),
  address: z.string(),
  connections: z.number(),
  sessions: z.number(),
  version: z.string(),
  engine: z.string(),
});

export function createRedisNodeStore(link: RedisLink, keys: Keys, scripts: Scripts): NodeStore {
  return {
    isShared: true,
    heartbeat: async (report, leaseMs) => {
      const args = [report.id, JSON.stringify(report), leaseMs];
      const reply = await link.run('nodes.heartbeat', scripts.nodeHeartbeat, [keys.nodes], args);
      const [before, lost, ...live] = asList(reply);
      return {
        live: asPairs(live).map(([lease, text]) => decodeNode(lease, text)),
        leaseBeforeMs: before === '' ? null : asInteger(before),
        lost:
          lost === ''
            ? []
            : asText(lost)
                .split(',')
                .map((id) => known(parseNodeId(id), 'a node id')),
      };
    },
    leave: async (id) => {
      await link.run('nodes.leave', scripts.nodeLeave, [keys.nodes], [id]);
    },
  };
}

function decodeNode(lease: string, text: string): NodeRecord {
  const report = reportSchema.parse(JSON.parse(text));
  return { ...report, id: known(parseNodeId(report.id), 'a node id'), leaseUntilMs: asInteger(lease) };
}
