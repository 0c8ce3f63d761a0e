/** Composes the identity parts: the directory, user sessions, and the tickets and tokens that prove them. */
import { createArgon2Passwords } from '../adapters/argon2/passwords.js';
import { coresOfWorker } from '../adapters/system/load.js';
import type { Tokens } from './tokens.js';
import type { Config } from '../config/schema.js';
import { AllNodesUserSessions } from '../identity/all-nodes-user-sessions.js';
import { AuditLog } from '../identity/audit.js';
import { Entrance } from '../identity/entrance.js';
import { Organizations } from '../identity/organizations.js';
import { SessionSweep } from '../identity/session-sweep.js';
import { Templates } from '../identity/templates.js';
import { Tickets } from '../identity/tickets.js';
import { TokenIssuer } from '../identity/token-issuer.js';
import { checkUserSessions } from '../identity/user-session-check.js';
import type { UserSessionSockets } from '../identity/user-session-sockets.js';
import { UserSessions, type UserSessionPolicy } from '../identity/user-sessions.js';
import { Users } from '../identity/users.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import type { AuditSink, Log } from '../ports/log.js';
import type { Metrics } from '../ports/metrics.js';
import type { NodeCalls } from '../ports/node-calls.js';
import type { Passwords } from '../ports/passwords.js';
import type { Outbound } from '../ports/outbound.js';
import type { Store } from '../ports/store.js';
import type { NodeDuties } from './node-duties.js';
import type { Composed } from './service.js';

/** Everything that the identity parts are built on. */
export interface IdentityGround {
  readonly config: Config;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly log: Log & AuditSink;
  readonly metrics: Pick<Metrics, 'tallies' | 'gauge'>;
  readonly store: Store;
  readonly tokens: Pick<Tokens, 'session'>;
  readonly sessionSockets: UserSessionSockets;
  readonly calls: NodeCalls;
  readonly duties: NodeDuties;
  readonly outbound: Outbound;
}

export interface Identity extends Composed {
  readonly users: Users;
  readonly organizations: Organizations;
  readonly templates: Templates;
  readonly passwords: Passwords;
  readonly sessions: UserSessions;
  readonly entrance: Entrance;
  readonly tickets: Tickets;
  readonly issuer: TokenIssuer;
  readonly audit: AuditLog;
}

export function composeIdentity(ground: IdentityGround): Identity {
  const { config, clock, crypto, log, metrics, calls, duties, sessionSockets: sockets } = ground;
  const { directory, userSessions, oneTime } = ground.store;
  const passwords = createArgon2Passwords({
    concurrency: config.argon2Concurrency,
    cores: coresOfWorker(config.workers),
    tallies: metrics.tallies,
  });
  metrics.gauge('passwords_waiting', 'Passwords that wait to be hashed or checked.', () => passwords.waiting());
  const enforcer = new AllNodesUserSessions({ sockets, calls });
  enforcer.serve();
  duties.compareWithStore(() => checkUserSessions({ store: userSessions, sockets }));
  const organizations = new Organizations({ store: directory, crypto, clock });
  const sessions = new UserSessions({
    store: userSessions,
    enforcer,
    organizations,
    crypto,
    policy: policyOf(config),
    tallies: metrics.tallies,
  });
  const users = new Users({ store: directory, sessions, passwords, crypto, clock });
  const entrance = new Entrance({ users, sessions, clock });
  const templates = new Templates({ store: directory, clock });
  const audit = new AuditLog(log);
  const sweep = new SessionSweep({ sessions, clock, log });
  return {
    users,
    organizations,
    templates,
    passwords,
    sessions,
    entrance,
    audit,
    tickets: new Tickets({ store: oneTime, entrance, audit, crypto, clock }),
    issuer: new TokenIssuer({ tokens: ground.tokens.session, users, organizations, templates, clock }),
    services: [{ name: 'session_sweep', start: () => sweep.start(), stop: () => sweep.stop() }],
  };
}

function policyOf(config: Config): UserSessionPolicy {
  return {
    lifetimeMs: config.userSessionTtlS * 1000,
    inactivityMs: config.userSessionInactivityS * 1000,
    limit: { max: config.maxSessionsPerUser, whenFull: config.sessionsPerUserFull },
  };
}
