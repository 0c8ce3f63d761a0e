/** The client surface: devices and their user sessions in the shapes of Clerk's frontend API, and the public keys. */
import type { DeviceSessions } from '../../identity/device-sessions.js';
import type { Devices } from '../../identity/devices.js';
import type { Profiles } from '../../identity/profiles.js';
import type { SignIns } from '../../identity/sign-ins.js';
import type { Clock } from '../../ports/clock.js';
import type { Crypto } from '../../ports/crypto.js';
import type { SessionTokens } from '../../ports/session-tokens.js';
import type { OriginRule } from '../../sockets/origin.js';
import { noKey } from '../auth.js';
import type { Route } from '../route.js';
import { shareWithCookies, type SharedPaths } from '../shared-paths.js';
import type { Surface } from '../surface.js';
import { DeviceAnswers } from './device-answers.js';
import { DeviceCallers, COOKIE_NAME } from './device-callers.js';
import { deviceRoutes } from './device-routes.js';
import { clientErrorBody } from './client-error-body.js';
import { deviceSessionRoutes } from './device-session-routes.js';
import { deviceTokenRoutes } from './device-token-routes.js';

export interface ClientSurfaceDeps {
  readonly devices: Devices;
  readonly deviceSessions: DeviceSessions;
  readonly signIns: SignIns;
  readonly profiles: Profiles;
  readonly sessionTokens: Pick<SessionTokens, 'jwks'>;
  /** Whether a device token in the query counts. */
  readonly isDevelopment: boolean;
  /** Whether browsers reach this server over TLS: the public URL says so. */
  readonly isSecure: boolean;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly origins: OriginRule;
}

const CLIENT_PATHS: SharedPaths = {
  matches: (path) => path === 'v1/client' || path.startsWith('v1/client/'),
  preflight: {
    'Access-Control-Allow-Methods': 'GET, POST, DELETE',
    'Access-Control-Allow-Headers': 'Content-Type, Idempotency-Key',
  },
  shareWith: shareWithCookies,
};

const PUBLIC_KEYS: SharedPaths = {
  matches: (path) => path === '.well-known/jwks.json' || path === 'v1/jwks',
  preflight: { 'Access-Control-Allow-Methods': 'GET' },
  shareWith: () => ({ 'Access-Control-Allow-Origin': '*' }),
};

export const CLIENT_SURFACE: Surface<ClientSurfaceDeps> = {
  name: 'client',
  title: "Client sessions, in the shapes of Clerk's frontend API.",
  routes: routesOf,
  carrier: noKey,
  errorBody: clientErrorBody,
  challenge: null,
  cors: [CLIENT_PATHS, PUBLIC_KEYS],
  methodOverride: ([version, name]) => version === 'v1' && name === 'client',
  securitySchemes: {
    client: {
      type: 'apiKey',
      in: 'cookie',
      name: COOKIE_NAME,
      description:
        'The client token that a sign-in sets. Programs send it as `Authorization: <client token>` with the query `_is_native=1`; in development it may be the query `__dev_session`.',
    },
  },
};

function routesOf(deps: ClientSurfaceDeps): readonly Route[] {
  const { devices, deviceSessions: sessions, profiles, sessionTokens: tokens, clock, origins, isDevelopment } = deps;
  const callers = new DeviceCallers({ devices, origins, isDevelopment });
  const answers = new DeviceAnswers({ profiles, clock });
  const { signIns, crypto, isSecure } = deps;
  return [
    ...deviceRoutes({ sessions, signIns, callers, answers, crypto, isSecure }),
    ...deviceSessionRoutes({ sessions, callers, answers }),
    ...deviceTokenRoutes({ sessions, callers, tokens }),
  ];
}
