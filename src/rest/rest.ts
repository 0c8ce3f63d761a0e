/** The REST APIs, whole: every surface's routes over one router, and the document that describes them. */
import type { ApiKeys } from '../identity/api-keys.js';
import { VERSION } from '../lib/version.js';
import type { Clock } from '../ports/clock.js';
import type { Gatekeeper } from '../ports/connect.js';
import type { Crypto } from '../ports/crypto.js';
import type { IdempotencyStore } from '../ports/idempotency-store.js';
import type { Log } from '../ports/log.js';
import type { Outbox } from '../ports/mailer.js';
import type { Metrics } from '../ports/metrics.js';
import type { Operations } from '../ports/operations.js';
import type { Sealer } from '../ports/sealer.js';
import type { Placement } from '../ports/placement.js';
import type { StoreHealth } from '../ports/store.js';
import type { Authorizations } from '../relay/sessions/authorizations.js';
import type { LiveSessions } from '../relay/sessions/live-sessions.js';
import type { RelaySessions } from '../relay/sessions/relay-sessions.js';
import type { OriginRule } from '../sockets/origin.js';
import { clientSurface, type ClientSurfaceDeps } from './client/routes.js';
import { withCors } from './cors.js';
import { groupSessionRoutes, type GroupSessionRoutesDeps } from './group/sessions.js';
import { walletProofRoutes, type WalletProofRoutesDeps } from './group/wallet-proofs.js';
import { loginRoutes, type LoginSurfaceDeps } from './login/login.js';
import { connectRoutes } from './native/connect.js';
import { directoryRoutes, type DirectoryRoutesDeps } from './native/directory.js';
import { keyRoutes } from './native/keys.js';
import { nodeRoutes } from './native/nodes.js';
import { outboxRoutes } from './native/outbox.js';
import { relayMemberRoutes } from './native/relay-members.js';
import { relayMessageRoutes } from './native/relay-messages.js';
import { relaySettingsRoutes } from './native/relay-settings.js';
import { relayTokenRoutes } from './native/relay-tokens.js';
import { serviceRoutes } from './native/service.js';
import { buildOpenApi } from './openapi.js';
import { relaySessionRoutes } from './relays/sessions.js';
import { relayUserRoutes } from './relays/users.js';
import type { Route } from './route.js';
import { createRouter, type Router } from './router.js';

export interface RestDeps {
  readonly keys: Pick<ApiKeys, 'verify' | 'create' | 'list' | 'remove'>;
  readonly sessions: Pick<RelaySessions, 'create' | 'get' | 'list' | 'update' | 'end' | 'newSeat'>;
  readonly authorizations: Pick<Authorizations, 'authorize' | 'revoke' | 'kick' | 'mint'>;
  readonly group: Omit<GroupSessionRoutesDeps, 'keys' | 'clock'> & WalletProofRoutesDeps;
  readonly live: Pick<LiveSessions, 'members' | 'send'>;
  readonly identity: Omit<DirectoryRoutesDeps, 'clock'>;
  readonly login: Omit<LoginSurfaceDeps, 'keys' | 'clock'> & { readonly outbox: Outbox | null };
  readonly client: ClientSurfaceDeps;
  readonly placement: Pick<Placement, 'find' | 'nodes' | 'draining'>;
  readonly gatekeeper: Pick<Gatekeeper, 'examine'>;
  readonly idempotency: IdempotencyStore;
  readonly operations: Operations;
  readonly metrics: Pick<Metrics, 'answered' | 'expose'>;
  readonly log: Log;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly sealer: Sealer;
  /** Whether the store can be asked now; asks nobody. */
  readonly health: () => StoreHealth;
  /** Which pages may ask why they could not connect. */
  readonly origins: OriginRule;
  readonly limits: { readonly maxBodyBytes: number; readonly maxMessageBytes: number };
}

export interface Rest extends Router {
  /** The OpenAPI document as JSON text. */
  readonly openapi: string;
}

export function createRest(deps: RestDeps): Rest {
  const draining = () => deps.placement.draining();
  const document = { text: '' };
  const routes = routeTable(deps, draining, () => document.text);
  document.text = JSON.stringify(buildOpenApi(routes, VERSION));
  const { keys, idempotency, operations, crypto, sealer, clock, log, metrics, limits } = deps;
  const router = createRouter(routes, {
    ...{ keys, idempotency, operations, crypto, sealer, clock, log, metrics, draining },
    maxBodyBytes: limits.maxBodyBytes,
  });
  return { ...withCors(router, deps.origins), openapi: document.text };
}

/** Where two surfaces share a path, the first one here gives errors of that path their shape. */
function routeTable(deps: RestDeps, draining: () => boolean, openapi: () => string): readonly Route[] {
  const { keys, sessions, authorizations, live, placement, gatekeeper, metrics, health, log, limits } = deps;
  const nodes = placement;
  return [
    ...relaySessionRoutes({ sessions, nodes }),
    ...relayUserRoutes({ sessions, authorizations, nodes }),
    ...relaySettingsRoutes({ sessions, nodes }),
    ...relayMemberRoutes({ live, authorizations, log }),
    ...relayMessageRoutes({ live, maxMessageBytes: limits.maxMessageBytes }),
    ...relayTokenRoutes({ authorizations, userSessions: deps.identity.sessions }),
    ...walletProofRoutes(deps.group),
    ...keyRoutes({ keys }),
    ...directoryRoutes({ ...deps.identity, clock: deps.clock }),
    ...outboxRoutes(deps.login),
    ...nodeRoutes({ placement }),
    ...connectRoutes({ gatekeeper }),
    ...serviceRoutes({ metrics, health, draining, openapi }),
    ...groupSessionRoutes({ ...deps.group, keys, clock: deps.clock }),
    ...loginRoutes({ ...deps.login, keys, clock: deps.clock }),
    ...clientSurface(deps.client, deps),
  ];
}
