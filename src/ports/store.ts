import type { DirectoryStore } from './directory-store.js';
import type { IdempotencyStore } from './idempotency-store.js';
import type { KeyStore } from './key-store.js';
import type { NodeStore } from './node-store.js';
import type { OneTimeStore } from './one-time-store.js';
import type { RateLimitStore } from './rate-limit-store.js';
import type { RelayStore } from './relay-store.js';
import type { SigningKeyStore } from './signing-key-store.js';
import type { UserSessionStore } from './user-session-store.js';
import type { UserSocketStore } from './user-socket-store.js';

export type StoreHealth = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** One engine: everything that is kept outside of a process's own memory of its live sockets. */
export interface Store {
  readonly engine: 'memory' | 'redis';
  readonly relay: RelayStore;
  readonly keys: KeyStore;
  readonly nodes: NodeStore;
  readonly idempotency: IdempotencyStore;
  readonly directory: DirectoryStore;
  readonly userSessions: UserSessionStore;
  readonly oneTime: OneTimeStore;
  readonly rateLimits: RateLimitStore;
  readonly signingKeys: SigningKeyStore;
  readonly userSockets: UserSocketStore;
  /** Begins to connect and returns at once; the store answers `store_unavailable` until it is there. */
  start(): void;
  /** Whether commands can be sent now. Asks nobody. */
  health(): StoreHealth;
  /** Closes within a second; idempotent. */
  stop(): Promise<void>;
}
