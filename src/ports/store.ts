import type { IdempotencyStore } from './idempotency-store.js';
import type { KeyStore } from './key-store.js';
import type { NodeStore } from './node-store.js';
import type { RelayStore } from './relay-store.js';

export type StoreHealth = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** One engine: everything that is kept outside of a process's own memory of its live sockets. */
export interface Store {
  readonly engine: 'memory' | 'redis';
  readonly relay: RelayStore;
  readonly keys: KeyStore;
  readonly nodes: NodeStore;
  readonly idempotency: IdempotencyStore;
  /** Begins to connect and returns at once; the store answers `store_unavailable` until it is there. */
  start(): void;
  /** Whether commands can be sent now. Asks nobody. */
  health(): StoreHealth;
  /** Closes within a second; idempotent. */
  stop(): Promise<void>;
}
