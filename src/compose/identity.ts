/** Composes the identity parts: the directory, user sessions and what proves them. Called by gateway.ts only. */
import { createArgon2Passwords } from '../adapters/argon2/passwords.js';
import type { Config } from '../config/schema.js';
import { Entrance } from '../identity/entrance.js';
import { Organizations } from '../identity/organizations.js';
import { SessionSweep } from '../identity/session-sweep.js';
import { Templates } from '../identity/templates.js';
import { Tickets } from '../identity/tickets.js';
import { UserSessions, type UserSessionPolicy } from '../identity/user-sessions.js';
import { Users } from '../identity/users.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import type { Log } from '../ports/log.js';
import type { Metrics } from '../ports/metrics.js';
import type { Passwords } from '../ports/passwords.js';
import type { Store } from '../ports/store.js';
import type { UserSessionEnforcer } from '../ports/user-session-enforcer.js';

/** What the identity parts stand on. */
export interface IdentityGround {
  readonly config: Config;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'tallies' | 'gauge'>;
  readonly store: Store;
}

export interface Identity {
  readonly users: Users;
  readonly organizations: Organizations;
  readonly templates: Templates;
  readonly passwords: Passwords;
  readonly sessions: UserSessions;
  readonly entrance: Entrance;
  readonly tickets: Tickets;
  start(): void;
  /** Idempotent. */
  stop(): void;
}

/** `enforcer` reaches the sockets of user sessions. */
export function composeIdentity(ground: IdentityGround, enforcer: UserSessionEnforcer): Identity {
  const { config, clock, crypto, log, metrics } = ground;
  const { directory, userSessions, oneTime } = ground.store;
  const passwords = createArgon2Passwords({ concurrency: config.argon2Concurrency, tallies: metrics.tallies });
  metrics.gauge('passwords_waiting', 'Passwords that wait to be hashed or checked.', () => passwords.waiting());
  const sessions = new UserSessions({ store: userSessions, enforcer, crypto, policy: policyOf(config) });
  const users = new Users({ store: directory, sessions, passwords, crypto, clock });
  const entrance = new Entrance({ users, sessions, clock });
  const sweep = new SessionSweep({ sessions, clock, log });
  return {
    ...{ users, passwords, sessions, entrance },
    organizations: new Organizations({ store: directory, crypto, clock }),
    templates: new Templates({ store: directory, clock }),
    tickets: new Tickets({ store: oneTime, entrance, crypto, clock }),
    start: () => sweep.start(),
    stop: () => sweep.stop(),
  };
}

function policyOf(config: Config): UserSessionPolicy {
  return {
    lifetimeMs: config.userSessionTtlS * 1000,
    inactivityMs: config.userSessionInactivityS * 1000,
    limit: { max: config.maxSessionsPerUser, whenFull: config.sessionsPerUserFull },
  };
}
