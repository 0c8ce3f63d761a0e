/** Composes this node's membership of the cluster. */
import { Membership } from '../cluster/membership.js';
import { VERSION } from '../lib/version.js';
import type { Ground } from './ground.js';
import type { Composed } from './service.js';

export interface Cluster extends Composed {
  readonly membership: Membership;
}

export function composeCluster(ground: Ground): Cluster {
  const { config, clock, log, metrics, store, uws, self, address, homeDuties } = ground;
  const startedAtMs = clock.nowMs();
  const { tallies } = metrics;
  const membership = new Membership({
    nodes: store.nodes,
    clock,
    log,
    self,
    onLeaseRegained: () => homeDuties.leaseRegained(),
    report: () => ({
      startedAtMs,
      labels: config.nodeLabels,
      publicUrl: address.publicUrl(),
      address: address.host,
      connections: tallies.connectionsOpened - tallies.connectionsClosed,
      sessions: homeDuties.sessions(),
      version: VERSION,
      engine: uws.engine.name,
    }),
  });
  return {
    membership,
    services: [{ name: 'membership', start: () => membership.start(), stop: () => membership.stop() }],
  };
}
