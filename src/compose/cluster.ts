/** Composes this node's place in the cluster: its membership, and the bus to the other nodes. */
import { MemoryBusHub } from '../adapters/memory/bus-transport.js';
import { createRedisBusTransport } from '../adapters/redis/bus-transport.js';
import { BusCalls } from '../cluster/bus/bus-calls.js';
import { NumberedBus } from '../cluster/bus/numbered-bus.js';
import { OrderRecovery } from '../cluster/order-recovery.js';
import { Membership } from '../cluster/membership.js';
import { VERSION } from '../lib/version.js';
import type { BusTransport } from '../ports/bus-transport.js';
import type { NodeCalls } from '../ports/node-calls.js';
import type { NodeId } from '../protocol/ids.js';
import type { Ground } from './ground.js';
import type { Composed } from './service.js';

export interface Cluster extends Composed {
  readonly membership: Membership;
  readonly calls: NodeCalls;
}

export function composeCluster(ground: Ground): Cluster {
  const { config, clock, log, metrics, store, uws, self, address, duties } = ground;
  const startedAtMs = clock.nowMs();
  const { tallies } = metrics;
  const membership = new Membership({
    nodes: store.nodes,
    clock,
    log,
    self,
    onLeaseRegained: () => duties.compareAll(),
    report: () => ({
      startedAtMs,
      labels: config.nodeLabels,
      publicUrl: address.publicUrl(),
      address: address.host,
      connections: tallies.connectionsOpened - tallies.connectionsClosed,
      sessions: duties.sessions(),
      version: VERSION,
      engine: uws.engine.name,
    }),
  });
  const bus = new NumberedBus({ self, transport: transportOf(ground), clock, log, tallies });
  const nodes = (): readonly NodeId[] => membership.nodes().map(({ id }) => id);
  const calls = new BusCalls({ bus, self, clock, log, nodes });
  const recovery = new OrderRecovery({ bus, clock, log, check: () => duties.compareAll() });
  metrics.gauge('nodes_live', 'Nodes that hold a lease, this one included.', () => nodes().length);
  metrics.gauge('nodes_heard', 'Other nodes that this one hears on the bus.', () => bus.heard);
  metrics.gauge(
    'bus_lag_ms',
    'How long the last beat of this node took to come back, in milliseconds.',
    () => bus.lagMs,
  );
  return {
    membership,
    calls,
    services: [
      // Before membership: once other nodes know this node, it must hear their orders.
      { name: 'node_bus', start: () => bus.start(), stop: () => bus.stop() },
      { name: 'order_recovery', start: () => undefined, stop: () => recovery.stop() },
      { name: 'membership', start: () => membership.start(), stop: () => membership.stop() },
    ],
  };
}

/** The embedded store has one node: its bus reaches nobody. */
function transportOf({ config, self, clock, log }: Ground): BusTransport {
  const { redisUrl: url, redisPrefix: keyPrefix } = config;
  return url === null
    ? new MemoryBusHub(clock).transportOf(self)
    : createRedisBusTransport({ url, keyPrefix, self, log });
}
