/** All REST APIs: the routes of every surface behind one router, and the document that describes them. */
import type { NodeDrains } from '../cluster/node-drains.js';
import type { EventReaders } from '../events/event-readers.js';
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
import type { UserPresence } from '../relay/presence/user-presence.js';
import type { RelaySessions } from '../relay/sessions/relay-sessions.js';
import type { OriginRule } from '../sockets/origin.js';
import { CLIENT_SURFACE, type ClientSurfaceDeps } from './client/surface.js';
import { withCors } from './cors.js';
import type { GroupSessionRoutesDeps } from './group/group-session-routes.js';
import { GROUP_SURFACE } from './group/surface.js';
import { LOGIN_SURFACE, type LoginSurfaceDeps } from './login/surface.js';
import type { DirectoryRoutesDeps } from './native/directory.js';
import { EVENT_SCHEMAS } from './native/event-schemas.js';
import { NATIVE_SURFACE } from './native/surface.js';
import type { WebhookRoutesDeps } from './native/webhook-routes.js';
import type { WalletProofRoutesDeps } from './native/wallet-proof-routes.js';
import { buildOpenApi } from './openapi.js';
import { RELAYS_SURFACE } from './relays/surface.js';
import { createRouter, type Router } from './router.js';
import type { Route } from './route.js';
import { serve, type ServedSurface } from './surface.js';

export interface RestDeps {
  readonly keys: Pick<ApiKeys, 'verify' | 'create' | 'list' | 'remove'>;
  readonly sessions: Pick<RelaySessions, 'create' | 'get' | 'list' | 'update' | 'end' | 'newSeat'>;
  readonly authorizations: Pick<Authorizations, 'authorize' | 'revoke' | 'kick' | 'mint'>;
  readonly group: Omit<GroupSessionRoutesDeps, 'keys' | 'clock'> & WalletProofRoutesDeps;
  readonly live: Pick<LiveSessions, 'members' | 'send'>;
  readonly presence: Pick<UserPresence, 'ofUser' | 'ofUsers'>;
  readonly eventReaders: Pick<EventReaders, 'read' | 'stream'>;
  readonly identity: Omit<DirectoryRoutesDeps, 'clock'>;
  readonly webhooks: WebhookRoutesDeps;
  readonly login: Omit<LoginSurfaceDeps, 'keys' | 'clock'> & { readonly outbox: Outbox | null };
  readonly client: Omit<ClientSurfaceDeps, 'clock' | 'crypto' | 'origins'>;
  readonly placement: Pick<Placement, 'find' | 'nodes' | 'draining'>;
  readonly drains: Pick<NodeDrains, 'drain'>;
  readonly gatekeeper: Pick<Gatekeeper, 'examine'>;
  readonly idempotency: IdempotencyStore;
  readonly operations: Operations;
  readonly metrics: Pick<Metrics, 'answered' | 'expose'>;
  readonly log: Log;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly sealer: Sealer;
  /** Whether the store can be asked now; sends no command. */
  readonly health: () => StoreHealth;
  /** Which pages of other origins may read answers. */
  readonly origins: OriginRule;
  /** Whether operators' calls are served at a port of their own, and only there. */
  readonly hasAdminPort: boolean;
  readonly limits: {
    readonly maxBodyBytes: number;
    readonly maxMessageBytes: number;
    readonly requestDeadlineMs: number;
  };
}

export interface Rest extends Router {
  /** The OpenAPI document as JSON text. */
  readonly openapi: string;
  /** Serves the operators' calls alone. */
  readonly admin: Router;
}

export function createRest(deps: RestDeps): Rest {
  const draining = () => deps.placement.draining();
  const document = { text: '' };
  const served = serveAll(deps, draining, () => document.text);
  document.text = JSON.stringify(buildOpenApi(served, VERSION, EVENT_SCHEMAS));
  const { keys, idempotency, operations, crypto, sealer, clock, log, metrics } = deps;
  const routerDeps = {
    keys,
    idempotency,
    operations,
    crypto,
    sealer,
    clock,
    log,
    metrics,
    draining,
    maxBodyBytes: deps.limits.maxBodyBytes,
    fallback: NATIVE_SURFACE,
  };
  const admin = createRouter(only(served, isForOperators), routerDeps);
  const router = createRouter(deps.hasAdminPort ? only(served, (route) => !isForOperators(route)) : served, routerDeps);
  const shared = served.flatMap(({ surface }) => surface.cors);
  return { ...withCors(router, deps.origins, shared), openapi: document.text, admin };
}

/** They say what clients need not know, and a call of `/metrics` costs milliseconds. */
function isForOperators({ path }: Route): boolean {
  return path === '/metrics' || path === '/openapi.json';
}

function only(served: readonly ServedSurface[], isServed: (route: Route) => boolean): readonly ServedSurface[] {
  return served.map(({ surface, routes }) => ({ surface, routes: routes.filter(isServed) }));
}

/** Where two surfaces share a path, the first one here gives errors of that path their shape. */
function serveAll(deps: RestDeps, draining: () => boolean, openapi: () => string): readonly ServedSurface[] {
  const { keys, sessions, authorizations, live, presence, placement, gatekeeper, group, login, identity, webhooks } =
    deps;
  const { metrics, health, drains, log, clock, crypto, origins, hasAdminPort } = deps;
  const { maxMessageBytes, requestDeadlineMs } = deps.limits;
  const userSessions = identity.sessions;
  return [
    serve(RELAYS_SURFACE, { sessions, authorizations, nodes: placement }),
    serve(NATIVE_SURFACE, {
      relay: { sessions, authorizations, live, userSessions, nodes: placement, log, maxMessageBytes },
      presence: { presence },
      events: { readers: deps.eventReaders, keys },
      walletProofs: group,
      webhooks,
      keys,
      directory: { ...identity, clock },
      outbox: login.outbox,
      nodes: { placement, drains, clock, requestDeadlineMs },
      gatekeeper,
      service: { metrics, health, draining, openapi, hasAdminPort },
    }),
    serve(GROUP_SURFACE, { ...group, keys, clock }),
    serve(LOGIN_SURFACE, { ...login, keys, clock }),
    serve(CLIENT_SURFACE, { ...deps.client, clock, crypto, origins }),
  ];
}
