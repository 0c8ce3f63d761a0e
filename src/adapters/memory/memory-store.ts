import type { Clock } from '../../ports/clock.js';
import type { DeliveryBounds } from '../../ports/delivery-queue.js';
import type { Store } from '../../ports/store.js';
import type { SessionId } from '../../protocol/ids.js';
import { createMemoryDeliveryQueue } from './delivery-queue.js';
import { createMemoryDirectoryStore } from './directory-store.js';
import { MemoryDurableLog } from './durable-log.js';
import { MemoryEventFeed } from './event-feed.js';
import { MemoryEventLog } from './event-log.js';
import { createMemoryEndpointStore } from './endpoint-store.js';
import { createMemoryIdempotencyStore } from './idempotency-store.js';
import { createMemoryKeyStore } from './key-store.js';
import { createMemoryNodeStore } from './node-store.js';
import { createMemoryOneTimeStore } from './one-time-store.js';
import { createMemoryRateLimitStore } from './rate-limit-store.js';
import { createMemoryRelayStore } from './relay-store.js';
import { createMemoryRoomIndex } from './room-index.js';
import { createMemorySigningKeyStore } from './signing-key-store.js';
import { createMemoryUserSessionStore } from './user-session-store.js';
import type { SessionState } from './session-state.js';
import { createMemoryUserSocketStore } from './user-socket-store.js';

export interface MemoryStoreDeps {
  readonly clock: Clock;
  /** For tests of a full feed. */
  readonly maxFeedEvents?: number;
  /** Absent: `DELIVERY_BOUNDS`. */
  readonly deliveryBounds?: DeliveryBounds;
}

/**
 * The store that needs no installation: one process, lost when it exits. Every method is synchronous inside and
 * therefore atomic. Returned values are frozen and never the store's own state.
 */
export function createMemoryStore(deps: MemoryStoreDeps): Store {
  const sessions = new Map<SessionId, SessionState>();
  const feed = new MemoryEventFeed(deps.clock, deps.maxFeedEvents);
  const events = new MemoryEventLog(deps.clock, feed);
  return {
    engine: 'memory',
    relay: createMemoryRelayStore(deps.clock, sessions, events),
    durableLog: new MemoryDurableLog(sessions, deps.clock),
    rooms: createMemoryRoomIndex(deps.clock),
    events,
    feed,
    deliveries: createMemoryDeliveryQueue(deps.clock, feed, deps.deliveryBounds),
    endpoints: createMemoryEndpointStore(),
    keys: createMemoryKeyStore(),
    nodes: createMemoryNodeStore(deps.clock),
    idempotency: createMemoryIdempotencyStore(deps.clock),
    directory: createMemoryDirectoryStore(events),
    userSessions: createMemoryUserSessionStore(deps.clock, events),
    oneTime: createMemoryOneTimeStore(deps.clock),
    rateLimits: createMemoryRateLimitStore(deps.clock),
    signingKeys: createMemorySigningKeyStore(deps.clock),
    userSockets: createMemoryUserSocketStore(deps.clock),
    start: () => undefined,
    health: () => ({ ok: true }),
    stop: async () => undefined,
  };
}
