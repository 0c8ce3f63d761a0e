/** Composes this node's place in the cluster: its membership, the bus to the other nodes, and the sockets it shares. */
import { MemoryBusHub } from '../adapters/memory/bus-transport.js';
import { createRedisBusTransport } from '../adapters/redis/bus-transport.js';
import { BusCalls } from '../cluster/bus/bus-calls.js';
import { NumberedBus } from '../cluster/bus/numbered-bus.js';
import { LoopWatch } from '../cluster/loop-watch.js';
import { NodeDrains } from '../cluster/node-drains.js';
import { OrderRecovery } from '../cluster/order-recovery.js';
import { Membership } from '../cluster/membership.js';
import { Links } from '../cluster/links/links.js';
import { FarTopics } from '../cluster/satellites/far-topics.js';
import { HomeEnd } from '../cluster/satellites/home-end.js';
import { LinkedSatellites } from '../cluster/satellites/linked-satellites.js';
import { SatelliteBroadcaster } from '../cluster/satellites/satellite-broadcaster.js';
import { SatelliteEnd } from '../cluster/satellites/satellite-end.js';
import { LONGEST_LEASE_MS } from '../config/node-keys.js';
import type { NodeLabels } from '../config/values.js';
import { VERSION } from '../lib/version.js';
import type { BusTransport } from '../ports/bus-transport.js';
import type { NodeBus } from '../ports/node-bus.js';
import type { NodeCalls } from '../ports/node-calls.js';
import type { Forward, Satellites } from '../ports/satellites.js';
import type { Broadcaster } from '../ports/socket.js';
import { connectLink } from '../protocol/connect-link.js';
import type { NodeId } from '../protocol/ids.js';
import type { Ground } from './ground.js';
import type { WorkerRole } from './node-address.js';
import type { Composed } from './service.js';

export interface Cluster extends Composed {
  readonly membership: Membership;
  readonly calls: NodeCalls;
  /** Why the bus to the other nodes is refused; null while it is not known to be. */
  readonly busRefusal: () => string | null;
  readonly drains: NodeDrains;
  readonly satellites: ComposedSatellites;
}

interface ComposedSatellites extends Composed {
  readonly satellites: Satellites;
  /** Reaches the sockets of this node and of its satellites. */
  readonly broadcaster: Broadcaster;
  /** Sends to homes and satellites at once what would leave at the end of the turn. */
  readonly flush: () => void;
  /** Decides what handles a socket whose home is elsewhere. Call it before the gateway starts. */
  readonly forwardBy: (forward: Forward) => void;
}

export function composeCluster(ground: Ground): Cluster {
  const { config, clock, log, metrics, store, uws, self, address, duties } = ground;
  const startedAtMs = clock.nowMs();
  const { tallies } = metrics;
  const membership = new Membership({
    nodes: store.nodes,
    events: store.events,
    clock,
    log,
    self,
    leaseMs: config.leaseMs,
    longestLeaseMs: LONGEST_LEASE_MS,
    tallies,
    hears: (id) => bus.hears(id),
    onLeaseRegained: () => duties.compareAll(),
    report: () => ({
      startedAtMs,
      labels: address.role === null ? config.nodeLabels : labelsOf(address.role, config.nodeLabels),
      publicUrl: address.nodeUrl(),
      address: address.host,
      connections: tallies.connectionsOpened - tallies.connectionsClosed,
      sessions: duties.sessions(),
      version: VERSION,
      engine: uws.engine.name,
    }),
  });
  const transport = transportOf(ground);
  const bus = new NumberedBus({ self, transport, clock, log, tallies });
  const nodes = (): readonly NodeId[] => membership.nodes().map(({ id }) => id);
  const calls = new BusCalls({ bus, self, clock, log, nodes });
  const loopWatch = new LoopWatch({ clock, log, tallies });
  const drains = new NodeDrains({ calls, placement: membership, clock, local: () => duties.drain });
  drains.serve();
  const recovery = new OrderRecovery({ bus, clock, log, check: () => duties.compareAll() });
  metrics.gauge('nodes_live', 'Nodes that hold a lease, this one included.', () => nodes().length);
  metrics.gauge('nodes_heard', 'Other nodes that this one hears on the bus.', () => bus.heard);
  metrics.gauge('bus_lag_seconds', 'How long the last beat of this node took to come back.', () => bus.lagMs / 1000);
  const satellites = composeSatellites(ground, bus, membership);
  return {
    membership,
    calls,
    satellites,
    drains,
    busRefusal: () => transport.refusal(),
    services: [
      // Before membership: once other nodes know this node, it must hear their orders.
      { name: 'node_bus', start: () => bus.start(), stop: () => bus.stop() },
      { name: 'order_recovery', start: () => undefined, stop: () => recovery.stop() },
      ...satellites.services,
      { name: 'membership', start: () => membership.start(), stop: () => membership.stop() },
      { name: 'loop_watch', start: () => loopWatch.start(), stop: () => loopWatch.stop() },
    ],
  };
}

function composeSatellites(ground: Ground, bus: NodeBus, membership: Membership): ComposedSatellites {
  const { config, clock, log, metrics, uws, address } = ground;
  const { tallies } = metrics;
  const links = new Links({ bus, clock, log, tallies, isLive: (node) => membership.find(node) !== null });
  const farTopics = new FarTopics();
  let forward: Forward | null = null;
  const homeEnd = new HomeEnd({ clock, log, farTopics });
  const satelliteEnd = new SatelliteEnd({
    clock,
    broadcaster: uws,
    tallies,
    connectUrl: () => connectLink(address.nodeUrl()),
    bounds: { softBytes: config.softBackpressureBytes, hardBytes: config.maxBackpressureBytes },
    forward: (socket, uplink) => {
      if (forward === null) throw new Error('nothing handles the sockets of other homes');
      return forward(socket, uplink);
    },
  });
  metrics.gauge(
    'satellite_sockets',
    'Open WebSockets whose session has its home on another node.',
    () => satelliteEnd.size,
  );
  metrics.gauge(
    'remote_sockets',
    'Open WebSockets on other nodes whose session has its home here.',
    () => homeEnd.size,
  );
  return {
    satellites: new LinkedSatellites({ links, homeEnd, satelliteEnd }),
    broadcaster: new SatelliteBroadcaster(uws, farTopics),
    flush: () => {
      links.flush();
    },
    forwardBy: (by) => {
      forward = by;
    },
    services: [
      { name: 'links', start: () => links.start(), stop: () => links.stop() },
      { name: 'satellites', start: () => satelliteEnd.start(), stop: () => satelliteEnd.stop() },
    ],
  };
}

/** Filters can name one worker; a label of the operator's own goes first. */
function labelsOf({ worker }: WorkerRole, labels: NodeLabels): NodeLabels {
  return { worker: String(worker), ...labels };
}

/** The embedded store has one node: its bus reaches nobody. */
function transportOf({ config, self, clock, log }: Ground): BusTransport {
  const { redisUrl: url, redisPrefix: keyPrefix } = config;
  return url === null
    ? new MemoryBusHub(clock).transportOf(self)
    : createRedisBusTransport({ url, keyPrefix, self, log });
}
