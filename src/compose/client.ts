/** Composes the client surface over the identity parts. */
import type { Identity } from './identity.js';
import type { Tokens } from './tokens.js';
import type { Config } from '../config/schema.js';
import { Attempts } from '../identity/attempts.js';
import { DeviceSessions } from '../identity/device-sessions.js';
import { Devices } from '../identity/devices.js';
import { Profiles } from '../identity/profiles.js';
import { SignIns } from '../identity/sign-ins.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import type { Log } from '../ports/log.js';
import type { Store } from '../ports/store.js';
import type { ClientSurfaceDeps } from '../rest/client/surface.js';
import type { Composed } from './service.js';

export interface ClientGround {
  readonly config: Config;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly store: Store;
  readonly log: Log;
}

export type Client = Omit<ClientSurfaceDeps, 'clock' | 'crypto' | 'origins'> & Composed;

export function composeClient(
  { config, clock, crypto, store, log }: ClientGround,
  identity: Identity,
  tokens: Tokens,
): Client {
  const { users, organizations, sessions, entrance, tickets, passwords, issuer, audit } = identity;
  const devices = new Devices({ store: store.userSessions, tokens: tokens.device, crypto, clock });
  const attempts = new Attempts({
    rates: store.rateLimits,
    known: store.oneTime,
    crypto,
    purpose: 'sign_in',
    policy: {
      perAccount: config.signInAttemptsPerAccount,
      perAddress: config.signInAttemptsPerAddress,
      periodMs: config.signInAttemptsPeriodS * 1000,
    },
  });
  return {
    devices,
    deviceSessions: new DeviceSessions({ devices, sessions, issuer, log }),
    signIns: new SignIns({
      users,
      passwords,
      tickets,
      attempts,
      entrance,
      sessions,
      devices,
      audit,
      singleSession: config.singleSession,
    }),
    profiles: new Profiles({ users, organizations }),
    sessionTokens: tokens.session,
    isDevelopment: config.environment === 'development',
    isSecure: config.publicUrl?.startsWith('https:') ?? false,
    services: [],
  };
}
