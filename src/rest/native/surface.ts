/** The native surface: the management API, and the calls that operators and clients make to a node. */
import { z } from 'zod';
import type { Outbox } from '../../ports/mailer.js';
import { keyAfterScheme } from '../auth.js';
import { shareWithAll, shareWithAllowed } from '../shared-paths.js';
import type { Surface } from '../surface.js';
import { connectRoutes, type ConnectRoutesDeps } from './connect-routes.js';
import { directoryRoutes, type DirectoryRoutesDeps } from './directory.js';
import { eventRoutes, type EventRoutesDeps } from './event-routes.js';
import { keyRoutes, type KeyRoutesDeps } from './key-routes.js';
import { nodeRoutes, type NodeRoutesDeps } from './nodes.js';
import { outboxRoutes } from './outbox-routes.js';
import { presenceRoutes, type PresenceRoutesDeps } from './presence-routes.js';
import { relayMemberRoutes, type RelayMemberRoutesDeps } from './relay-members.js';
import { relayMessageRoutes, type RelayMessageRoutesDeps } from './relay-messages.js';
import { relaySettingsRoutes, type RelaySettingsRoutesDeps } from './relay-settings.js';
import { relayTokenRoutes, type RelayTokenRoutesDeps } from './relay-token-routes.js';
import { serviceRoutes, type ServiceRoutesDeps } from './service-routes.js';
import { webhookRoutes, type WebhookRoutesDeps } from './webhook-routes.js';
import { walletProofRoutes, type WalletProofRoutesDeps } from './wallet-proof-routes.js';

export interface NativeSurfaceDeps extends KeyRoutesDeps, ConnectRoutesDeps {
  readonly nodes: NodeRoutesDeps;
  readonly relay: RelaySettingsRoutesDeps & RelayMemberRoutesDeps & RelayMessageRoutesDeps & RelayTokenRoutesDeps;
  readonly presence: PresenceRoutesDeps;
  readonly events: EventRoutesDeps;
  readonly walletProofs: WalletProofRoutesDeps;
  readonly webhooks: WebhookRoutesDeps;
  readonly directory: DirectoryRoutesDeps;
  /** null when mail is really sent, or is not kept. */
  readonly outbox: Outbox | null;
  readonly service: ServiceRoutesDeps;
}

export const NATIVE_SURFACE: Surface<NativeSurfaceDeps> = {
  name: 'native',
  title: 'The native management API.',
  routes: (deps) => [
    ...relaySettingsRoutes(deps.relay),
    ...relayMemberRoutes(deps.relay),
    ...relayMessageRoutes(deps.relay),
    ...relayTokenRoutes(deps.relay),
    ...presenceRoutes(deps.presence),
    ...eventRoutes(deps.events),
    ...walletProofRoutes(deps.walletProofs),
    ...webhookRoutes(deps.webhooks),
    ...keyRoutes(deps),
    ...directoryRoutes(deps.directory),
    ...outboxRoutes(deps),
    ...nodeRoutes(deps.nodes),
    ...connectRoutes(deps),
    ...serviceRoutes(deps.service),
  ],
  carrier: keyAfterScheme('bearer'),
  errorBody: {
    schema: z
      .object({
        code: z.string(),
        message: z.string(),
        details: z.unknown().optional().describe('For invalid_request: a list of {path, message}.'),
      })
      .meta({ id: 'NativeError' }),
    write: ({ code, message, details, url }) => ({
      code,
      message,
      ...(details === undefined ? {} : { details }),
      ...(url === null ? {} : { url }),
    }),
  },
  challenge: 'Bearer realm="sallyport"',
  cors: [
    // A browser tells a page nothing about a failed handshake, so the page asks for the reason over plain HTTP.
    {
      matches: (path) => path === 'v1/connect',
      preflight: { 'Access-Control-Allow-Methods': 'GET', 'Access-Control-Allow-Headers': 'Authorization' },
      shareWith: shareWithAll,
    },
    {
      matches: (path) => path.startsWith('v1/wallet-proof/'),
      preflight: {
        'Access-Control-Allow-Methods': 'GET, POST',
        'Access-Control-Allow-Headers': 'Content-Type, Idempotency-Key',
      },
      shareWith: shareWithAllowed,
    },
  ],
  methodOverride: null,
  securitySchemes: {
    native: { type: 'http', scheme: 'bearer', description: 'An API key: `Authorization: Bearer <key>`.' },
  },
};
