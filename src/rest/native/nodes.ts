/** The nodes of the cluster, as of the last heartbeat. */
import { z } from 'zod';
import type { NodeDrains } from '../../cluster/node-drains.js';
import { elapsedMs } from '../../lib/stopwatch.js';
import type { Clock } from '../../ports/clock.js';
import type { NodeRecord } from '../../ports/node-store.js';
import type { Placement } from '../../ports/placement.js';
import { parseNodeId } from '../../protocol/ids.js';
import * as field from '../fields.js';
import { defineRoute, type Route } from '../route.js';
import { reportSchema, viewReport } from './report.js';

export interface NodeRoutesDeps {
  readonly placement: Pick<Placement, 'nodes'>;
  readonly drains: Pick<NodeDrains, 'drain'>;
  readonly clock: Clock;
  readonly requestDeadlineMs: number;
}

/** The answer leaves this long before the deadline of the request. */
const ANSWER_BEFORE_MS = 2000;

const nodeSchema = z
  .object({
    id: z.string(),
    state: z.enum(['ready', 'draining']),
    started_at: field.unixMs,
    labels: z.record(z.string(), z.string()),
    public_url: z.string(),
    connections: field.quantity,
    sessions: field.quantity,
    version: z.string(),
    engine: z.string(),
    lease_until: field.unixMs,
  })
  .meta({ id: 'Node' });

export function nodeRoutes(deps: NodeRoutesDeps): readonly Route[] {
  const { placement } = deps;
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
    drainNode(deps),
  ];
}

function drainNode({ drains, clock, requestDeadlineMs }: NodeRoutesDeps): Route {
  return defineRoute({
    name: 'drainNode',
    summary:
      'Drain a node: it takes nothing new, hands its relay sessions to other nodes and closes its sockets, then stays up ' +
      'as `draining` until it is stopped. Waits for that, but answers before the deadline of requests; a repeat waits on.',
    method: 'POST',
    path: '/v1/nodes/{id}/drain',
    scope: 'admin',
    params: z.object({ id: field.parsed(parseNodeId, 'not a node id') }),
    notFound: 'node_not_found',
    responses: { 200: reportSchema },
    errors: ['node_not_found'],
    async handle({ params }) {
      const startedMs = clock.monotonicMs();
      const { closed, isAcked } = await drains.drain(params.id, Math.max(0, requestDeadlineMs - ANSWER_BEFORE_MS));
      const nodes = { nodesAcked: isAcked ? 1 : 0, nodesTimedOut: isAcked ? 0 : 1 };
      const tookMs = elapsedMs(startedMs, clock.monotonicMs());
      return { status: 200, body: viewReport({ matched: 1, closed, ...nodes, tookMs }) };
    },
  });
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
