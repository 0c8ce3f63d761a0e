/** The nodes of the cluster, as of the last heartbeat. */
import { z } from 'zod';
import type { NodeRecord } from '../../ports/node-store.js';
import type { Placement } from '../../ports/placement.js';
import { defineRoute, type Route } from '../route.js';

export interface NodeRoutesDeps {
  readonly placement: Pick<Placement, 'nodes'>;
}

const nodeSchema = z
  .object({
    id: z.string(),
    state: z.enum(['ready', 'draining']),
    started_at: z.int().describe('Unix milliseconds.'),
    labels: z.record(z.string(), z.string()),
    public_url: z.string(),
    connections: z.int(),
    sessions: z.int(),
    version: z.string(),
    engine: z.string(),
    lease_until: z.int().describe('Unix milliseconds.'),
  })
  .meta({ id: 'Node' });

export function nodeRoutes({ placement }: NodeRoutesDeps): readonly Route[] {
  return [
    defineRoute({
      name: 'listNodes',
      summary: 'List the live nodes.',
      method: 'GET',
      path: '/v1/nodes',
      scope: 'admin',
      responses: { 200: z.object({ nodes: z.array(nodeSchema) }).meta({ id: 'NodeList' }) },
      handle: () => Promise.resolve({ status: 200, body: { nodes: placement.nodes().map(viewNode) } } as const),
    }),
  ];
}

function viewNode(node: NodeRecord): z.output<typeof nodeSchema> {
  return {
    id: node.id,
    state: node.state,
    started_at: node.startedAtMs,
    labels: { ...node.labels },
    public_url: node.publicUrl,
    connections: node.connections,
    sessions: node.sessions,
    version: node.version,
    engine: node.engine,
    lease_until: node.leaseUntilMs,
  };
}
