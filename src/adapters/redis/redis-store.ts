import type { Clock } from '../../ports/clock.js';
import type { DeliveryBounds } from '../../ports/delivery-queue.js';
import { MAX_FEED_BYTES, MAX_FEED_EVENTS } from '../../ports/event-feed.js';
import type { Log } from '../../ports/log.js';
import type { Operations } from '../../ports/operations.js';
import type { Store } from '../../ports/store.js';
import { RedisDeliveryQueue } from './delivery-queue.js';
import { RedisDirectoryStore } from './directory-store.js';
import { RedisDurableLog } from './durable-log.js';
import { RedisEventFeed } from './event-feed.js';
import { RedisEventLog } from './event-log.js';
import { STORE_FORMAT } from './format.js';
import { createRedisEndpointStore } from './endpoint-store.js';
import { createRedisIdempotencyStore } from './idempotency-store.js';
import { createRedisKeyStore } from './key-store.js';
import { createKeys } from './keys.js';
import { RedisLink } from './link.js';
import { createRedisNodeStore } from './node-store.js';
import { createRedisOneTimeStore } from './one-time-store.js';
import { createRedisRateLimitStore } from './rate-limit-store.js';
import { RedisRelayStore } from './relay-store.js';
import { Replication } from './replication.js';
import { createRedisRoomIndex } from './room-index.js';
import { loadScripts } from './script.js';
import { SessionIndex } from './session-index.js';
import { createRedisSigningKeyStore } from './signing-key-store.js';
import { RedisUserSessionStore } from './user-session-store.js';
import { isClusterUrl } from './url.js';
import { createRedisUserSocketStore } from './user-socket-store.js';

/** As many as the event feed has. */

export interface RedisStoreOptions {
  /** See `parseRedisUrl`. It never reaches a log or an error. */
  readonly url: string;
  /** The start of every key; see `createKeys`. */
  readonly keyPrefix: string;
  readonly log: Log;
  /** Called once for each failed call, for the metrics. */
  readonly onFailure: (operation: string) => void;
  /** Called once for each call that was sent, when it ends, for the metrics. */
  readonly onCalled?: (operation: string, tookMs: number) => void;
  /** For tests that move time. Without it, the store uses the server's time. */
  readonly clock?: Clock;
  /** Tells which operation a call of the store belongs to. By default calls belong to none. */
  readonly operations?: Pick<Operations, 'current'>;
  /** How many replicas must have a durable entry before it is acknowledged. Not on a cluster. Default: 0. */
  readonly durableReplicas?: number;
  /** For tests that reach them. */
  readonly deliveryBounds?: DeliveryBounds;
  /** For tests that run programs of two versions; see `STORE_FORMAT`. */
  readonly format?: string;
  /** For tests with a full feed. Default: `MAX_FEED_EVENTS`. */
  readonly maxFeedEvents?: number;
  /** For tests with a full feed. Default: `MAX_FEED_BYTES`. */
  readonly maxFeedBytes?: number;
}

/** The store that nodes share. Throws when the URL is malformed; later errors are `store_unavailable`. */
export function createRedisStore(options: RedisStoreOptions): Store {
  const {
    url,
    keyPrefix,
    log,
    onFailure,
    onCalled = () => undefined,
    clock,
    operations = { current: () => null },
    durableReplicas = 0,
    deliveryBounds,
    format = STORE_FORMAT,
    maxFeedEvents = MAX_FEED_EVENTS,
    maxFeedBytes = MAX_FEED_BYTES,
  } = options;
  const scripts = loadScripts({ format, isCluster: isClusterUrl(url), maxFeedEvents, maxFeedBytes });
  const keys = createKeys(keyPrefix);
  const shared = { url, onFailure, onCalled, operations, keys, scripts, format, clock: clock ?? null };
  const link: RedisLink = new RedisLink({
    ...shared,
    log,
    onFed: (key) => {
      feed.onFed(key);
    },
  });
  // The connection that waits for replicas holds up all calls on it, so it is one of its own.
  const logLink = durableReplicas === 0 ? link : new RedisLink({ ...shared, log: quiet });
  const feed = new RedisEventFeed(link, keys, scripts, maxFeedEvents);
  return {
    engine: 'redis',
    relay: new RedisRelayStore(link, keys, scripts, new SessionIndex(link, keys, scripts)),
    durableLog: new RedisDurableLog(logLink, keys, scripts, new Replication(logLink, durableReplicas)),
    rooms: createRedisRoomIndex(link, keys, scripts),
    events: new RedisEventLog(link, keys, scripts),
    feed,
    deliveries: new RedisDeliveryQueue(link, keys, scripts, { partitions: feed.partitions, bounds: deliveryBounds }),
    endpoints: createRedisEndpointStore(link, keys, scripts),
    keys: createRedisKeyStore(link, keys, scripts),
    nodes: createRedisNodeStore(link, keys, scripts),
    idempotency: createRedisIdempotencyStore(link, keys, scripts),
    directory: new RedisDirectoryStore(link, keys, scripts),
    userSessions: new RedisUserSessionStore(link, keys, scripts),
    oneTime: createRedisOneTimeStore(link, keys, scripts),
    rateLimits: createRedisRateLimitStore(link, keys, scripts),
    signingKeys: createRedisSigningKeyStore(link, keys, scripts),
    userSockets: createRedisUserSocketStore(link, keys, scripts),
    start: () => {
      link.start();
      if (logLink !== link) logLink.start();
    },
    health: () => link.health(),
    stop: async () => {
      await Promise.all([link.stop(), logLink === link ? null : logLink.stop()]);
    },
  };
}

/** For a second connection to the same servers: the first one logs their outages. */
const quiet: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
