/** Composes the REST APIs over the parts that they call. */
import { createSealer } from '../adapters/system/sealer.js';
import type { Membership } from '../cluster/membership.js';
import type { Store, StoreHealth } from '../ports/store.js';
import type { NodeDrains } from '../cluster/node-drains.js';
import { ApiKeys } from '../identity/api-keys.js';
import type { NodeCalls } from '../ports/node-calls.js';
import { createRest, type Rest } from '../rest/rest.js';
import { composeEventReaders } from './event-readers.js';
import type { Client } from './client.js';
import type { Group } from './group.js';
import type { Ground } from './ground.js';
import type { Identity } from './identity.js';
import type { Login } from './login.js';
import type { WebhookParts } from './webhooks.js';
import { originRule, type Relay } from './relay.js';

export interface RestParts {
  readonly membership: Membership;
  readonly calls: NodeCalls;
  readonly drains: NodeDrains;
  readonly busRefusal: () => string | null;
  readonly relay: Relay;
  readonly identity: Identity;
  readonly login: Login;
  readonly client: Client;
  readonly group: Group;
  readonly webhooks: WebhookParts;
}

export function composeRest(
  ground: Ground,
  { membership, calls, drains, busRefusal, relay, ...parts }: RestParts,
): Rest {
  const { config, clock, crypto, log, metrics, store, operations, rootKey, secret } = ground;
  const { maxBodyBytes, maxMessageBytes, requestDeadlineMs } = config;
  const env = config.environment === 'production' ? 'live' : 'dev';
  const keys = new ApiKeys({ store: store.keys, calls, crypto, clock, log, rootKey, env });
  keys.serve();
  return createRest({
    ...parts,
    sessions: relay.sessions,
    authorizations: relay.authorizations,
    live: relay.live,
    presence: relay.presence,
    eventReaders: composeEventReaders(ground, membership),
    keys,
    placement: membership,
    drains,
    gatekeeper: relay.gatekeeper,
    metrics,
    log,
    clock,
    crypto,
    sealer: createSealer(secret),
    idempotency: store.idempotency,
    operations,
    health: () => healthOf(store, membership, busRefusal),
    origins: originRule(config),
    hasAdminPort: config.adminPort !== null,
    limits: { maxBodyBytes, maxMessageBytes, requestDeadlineMs },
  });
}

/** Whether the node can do its work: with its store, with its lease, and with the other nodes. */
function healthOf(
  store: Store,
  membership: Pick<Membership, 'leaseHeld'>,
  busRefusal: RestParts['busRefusal'],
): StoreHealth {
  const health = store.health();
  if (!health.ok) return health;
  const refusal = busRefusal();
  if (refusal !== null) return { ok: false, reason: `redis: ${refusal}` };
  // It numbers and acks nothing, although the store may answer again.
  return membership.leaseHeld() ? health : { ok: false, reason: 'the lease of this node has run out' };
}
