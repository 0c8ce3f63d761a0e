import type { DeliveryQueue } from './delivery-queue.js';
import type { DirectoryStore } from './directory-store.js';
import type { DurableLog } from './durable-log.js';
import type { EndpointStore } from './endpoint-store.js';
import type { EventFeed } from './event-feed.js';
import type { EventLog } from './event-log.js';
import type { IdempotencyStore } from './idempotency-store.js';
import type { KeyStore } from './key-store.js';
import type { NodeStore } from './node-store.js';
import type { OneTimeStore } from './one-time-store.js';
import type { RateLimitStore } from './rate-limit-store.js';
import type { RelayStore } from './relay-store.js';
import type { RoomIndex } from './room-index.js';
import type { SigningKeyStore } from './signing-key-store.js';
import type { UserSessionStore } from './user-session-store.js';
import type { UserSocketStore } from './user-socket-store.js';

export type StoreHealth = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** One storage engine: all state except a process's own live sockets. */
export interface Store {
  readonly engine: 'memory' | 'redis';
  readonly relay: RelayStore;
  readonly durableLog: DurableLog;
  readonly rooms: RoomIndex;
  readonly events: EventLog;
  readonly feed: EventFeed;
  readonly deliveries: DeliveryQueue;
  readonly endpoints: EndpointStore;
  readonly keys: KeyStore;
  readonly nodes: NodeStore;
  readonly idempotency: IdempotencyStore;
  readonly directory: DirectoryStore;
  readonly userSessions: UserSessionStore;
  readonly oneTime: OneTimeStore;
  readonly rateLimits: RateLimitStore;
  readonly signingKeys: SigningKeyStore;
  readonly userSockets: UserSocketStore;
  /** Starts to connect and returns at once. Until connected, the store answers `store_unavailable`. */
  start(): void;
  /** Whether commands can be sent now. Sends nothing to find out. */
  health(): StoreHealth;
  /** Closes within a second; idempotent. */
  stop(): Promise<void>;
}
