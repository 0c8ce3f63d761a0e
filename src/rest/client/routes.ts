/** The client surface, whole. */
import type { ClientSessions } from '../../identity/client-sessions.js';
import type { Clients } from '../../identity/clients.js';
import type { Profiles } from '../../identity/profiles.js';
import type { SignIns } from '../../identity/sign-ins.js';
import type { Clock } from '../../ports/clock.js';
import type { Crypto } from '../../ports/crypto.js';
import type { SessionTokens } from '../../ports/session-tokens.js';
import type { OriginRule } from '../../sockets/origin.js';
import type { Route } from '../route.js';
import { ClientAnswers } from './answers.js';
import { ClientCallers } from './caller.js';
import { clientRoutes } from './client.js';
import { clientSessionRoutes } from './sessions.js';
import { clientTokenRoutes } from './tokens.js';

export interface ClientSurfaceDeps {
  readonly clients: Clients;
  readonly clientSessions: ClientSessions;
  readonly signIns: SignIns;
  readonly profiles: Profiles;
  readonly sessionTokens: Pick<SessionTokens, 'jwks'>;
  /** Whether a client token in the query counts. */
  readonly isDevelopment: boolean;
  /** Whether browsers reach this server over TLS: the public URL says so. */
  readonly isSecure: boolean;
}

interface Ground {
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly origins: OriginRule;
}

export function clientSurface(deps: ClientSurfaceDeps, { clock, crypto, origins }: Ground): readonly Route[] {
  const { clients, clientSessions: sessions, signIns, profiles, sessionTokens: tokens, isDevelopment, isSecure } = deps;
  const callers = new ClientCallers({ clients, origins, isDevelopment });
  const answers = new ClientAnswers({ profiles, clock });
  return [
    ...clientRoutes({ sessions, signIns, callers, answers, crypto, isSecure }),
    ...clientSessionRoutes({ sessions, callers, answers }),
    ...clientTokenRoutes({ sessions, callers, tokens }),
  ];
}
