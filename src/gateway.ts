/** The composition root: constructs every part in order, starts and stops them. The only file that sees everything. */
import { createRelayCredentials } from './adapters/jose/relay-credentials.js';
import { noGeo, openGeo } from './adapters/maxmind/geo.js';
import { createMemoryStore } from './adapters/memory/memory-store.js';
import { createPinoLog } from './adapters/pino/log.js';
import { createPrometheusMetrics } from './adapters/prometheus/metrics.js';
import { createRedisStore } from './adapters/redis/redis-store.js';
import { systemClock } from './adapters/system/clock.js';
import { systemCrypto } from './adapters/system/crypto.js';
import { reachableAddress } from './adapters/system/host-address.js';
import { loadEngine } from './adapters/uws/engine.js';
import { UwsApp, UwsServer } from './adapters/uws/server.js';
import { Membership } from './cluster/membership.js';
import type { Config } from './config/schema.js';
import { ApiKeys } from './identity/api-keys.js';
import { randomBase62 } from './lib/base62.js';
import { VERSION } from './lib/version.js';
import type { NodeId } from './protocol/ids.js';
import { encodeControl } from './protocol/server-control.js';
import type { Clock } from './ports/clock.js';
import type { Log } from './ports/log.js';
import type { Metrics } from './ports/metrics.js';
import type { Store } from './ports/store.js';
import { Door } from './relay/admission.js';
import { Attacher } from './relay/attach.js';
import { Authorizations } from './relay/authorizations.js';
import { Connections } from './relay/connection.js';
import { Control } from './relay/control.js';
import { Departures } from './relay/departures.js';
import { FlushSchedule } from './relay/flush-schedule.js';
import { LiveSessions } from './relay/live.js';
import { LocalEnforcer } from './relay/local-enforcer.js';
import { Rooms } from './relay/rooms.js';
import { RelaySessions } from './relay/sessions.js';
import { Upkeep } from './relay/upkeep.js';
import { createRest } from './rest/rest.js';

/** Seats of a session whose creator does not say. */
const DEFAULT_MAX_USERS = 1000;
/** How long a start waits for the store before it listens all the same, not ready. */
const STORE_WAIT_MS = 2000;
const STORE_POLL_MS = 10;
/** How long a stop waits for requests that are being answered. */
const REQUESTS_WAIT_MS = 5000;

export interface GatewayOptions {
  readonly config: Config;
  /** For tests: what stands between the gateway and its store. */
  readonly wrapStore?: (store: Store) => Store;
}

export interface Listening {
  /** The base URL it listens on. */
  readonly url: string;
  readonly port: number;
  readonly store: Store['engine'];
  readonly engine: string;
  /** The root key that was made because none was configured; null when one was. */
  readonly rootKey: string | null;
}

export interface Gateway {
  readonly log: Log;
  readonly metrics: Metrics;
  /** Rejects when the address cannot be listened on. A store that is away only makes it not ready. */
  start(): Promise<Listening>;
  /** Refuses what is new, answers what runs, closes every socket with `going_away`, and lets go of everything. Idempotent. */
  stop(): Promise<void>;
}

export async function createGateway({ config, wrapStore = (store) => store }: GatewayOptions): Promise<Gateway> {
  const engine = loadEngine();
  const clock = systemClock();
  const crypto = systemCrypto();
  const self = `node_${randomBase62(crypto, 16)}` as NodeId;
  const log = createPinoLog({ level: config.logLevel, fields: { node: self } });
  const storeName = config.redisUrl === null ? 'memory' : 'redis';
  const metrics = createPrometheusMetrics({ version: VERSION, engine: engine.name, store: storeName });
  const rootKey = config.rootKey ?? randomBase62(crypto, 43);
  const secret = config.secret ?? randomBase62(crypto, 43);
  const store = wrapStore(openStore(config, clock, log, metrics));
  const geo = config.geoipDb === null ? noGeo() : await openGeo(config.geoipDb);
  const uws = new UwsApp(engine);
  const startedAtMs = clock.nowMs();
  let port = config.port;

  const membership: Membership = new Membership({
    nodes: store.nodes,
    clock,
    log,
    self,
    report: () => ({
      startedAtMs,
      labels: config.nodeLabels,
      publicUrl: config.publicUrl ?? urlOf(reachableAddress(config.host), port),
      address: reachableAddress(config.host),
      connections: server.connections,
      sessions: rooms.size,
      version: VERSION,
      engine: engine.name,
    }),
  });
  const mayNumber = (): boolean => membership.leaseHeld();

  const departures = new Departures({ store: store.relay, clock, log });
  const rooms: Rooms = new Rooms({
    store: store.relay,
    placement: membership,
    crypto,
    departures,
    room: {
      clock,
      broadcaster: uws,
      schedule: new FlushSchedule(clock, (cause) => {
        log.error('flush_failed', cause);
      }),
      tallies: metrics.tallies,
      replayBounds: { maxEntries: config.replayMaxEntries, maxBytes: config.replayMaxBytes },
      mayNumber,
    },
  });
  const enforcer = new LocalEnforcer(rooms);
  const credentials = createRelayCredentials(secret, clock);
  const sessions = new RelaySessions({
    store: store.relay,
    placement: membership,
    enforcer,
    geo,
    crypto,
    clock,
    defaults: {
      maxUsers: DEFAULT_MAX_USERS,
      ttlMs: config.sessionTtlS * 1000,
      resumeWindowMs: config.resumeWindowMs,
      flushMs: config.flushMs,
    },
  });
  const authorizations = new Authorizations({ store: store.relay, enforcer, credentials, clock });
  const control = new Control({ store: store.relay, rooms, departures, sessions, authorizations });
  const connections = new Connections({
    rooms,
    departures,
    control,
    clock,
    metrics,
    log,
    limits: {
      maxMessageBytes: config.maxMessageBytes,
      mayNumber,
      messagesPerS: config.messagesPerS,
      bytesPerS: config.bytesPerS,
    },
  });
  const attacher = new Attacher({
    rooms,
    departures,
    connections,
    tallies: metrics.tallies,
    node: self,
    limits: {
      max_message_bytes: config.maxMessageBytes,
      messages_per_s: config.messagesPerS,
      bytes_per_s: config.bytesPerS,
    },
    heartbeatMs: config.heartbeatMs,
  });
  const door = new Door({
    store: store.relay,
    rooms,
    placement: membership,
    credentials,
    attacher,
    crypto,
    log,
    metrics,
    origins: {
      allowed: typeof config.allowedOrigins === 'string' ? config.allowedOrigins : new Set(config.allowedOrigins),
      own: config.publicUrl === null ? null : new URL(config.publicUrl).origin,
    },
  });
  const live = new LiveSessions({ store: store.relay, rooms, clock, maxMessageBytes: config.maxMessageBytes });
  const upkeep = new Upkeep({
    store: store.relay,
    rooms,
    clock,
    log,
    maxBufferedBytes: config.maxBackpressureBytes,
  });
  const keyEnv = config.environment === 'production' ? 'live' : 'dev';
  const rest = createRest({
    sessions,
    authorizations,
    live,
    keys: new ApiKeys({ store: store.keys, crypto, clock, rootKey, env: keyEnv }),
    placement: membership,
    gatekeeper: door,
    metrics,
    log,
    clock,
    crypto,
    idempotency: store.idempotency,
    health: () => store.health(),
    limits: { maxBodyBytes: config.maxBodyBytes, maxMessageBytes: config.maxMessageBytes },
  });
  const server: UwsServer = new UwsServer(uws, {
    handle: rest.handle,
    refuse: rest.refuse,
    gatekeeper: door,
    clock,
    log,
    metrics,
    maxBodyBytes: config.maxBodyBytes,
    deadlineMs: config.requestDeadlineMs,
    limits: {
      maxMessageBytes: config.maxMessageBytes,
      maxBufferedBytes: config.maxBackpressureBytes,
      heartbeatMs: config.heartbeatMs,
    },
  });
  metrics.gauge('connections', 'Open WebSockets.', () => server.connections);
  metrics.gauge('rooms', 'Relay sessions that are live on this node.', () => rooms.size);
  metrics.gauge('store_up', '1 while the state store can be asked.', () => (store.health().ok ? 1 : 0));

  let stopping: Promise<void> | null = null;
  return {
    log,
    metrics,

    async start() {
      store.start();
      await until(clock, () => store.health().ok, STORE_WAIT_MS);
      port = await server.listen(config.host, config.port);
      await membership.start();
      upkeep.start();
      const url = urlOf(config.host, port);
      log.info('listening', { url, port, engine: engine.name, store: store.engine, version: VERSION });
      return { url, port, store: store.engine, engine: engine.name, rootKey: config.rootKey === null ? rootKey : null };
    },

    stop() {
      stopping ??= (async () => {
        log.info('stopping', { connections: server.connections });
        const drained = membership.drain();
        server.stopListening();
        await drained;
        server.sendToAll(encodeControl({ type: 'goaway', reason: 'shutdown', after_ms: 0 }));
        await Promise.race([server.requestsAnswered(), wait(clock, REQUESTS_WAIT_MS)]);
        server.closeAll('going_away');
        upkeep.stop();
        await membership.stop();
        await store.stop();
        log.info('stopped');
        await log.flushLog(1000);
      })();
      return stopping;
    },
  };
}

function openStore(config: Config, clock: Clock, log: Log, metrics: Metrics): Store {
  if (config.redisUrl === null) return createMemoryStore({ clock });
  return createRedisStore({
    url: config.redisUrl,
    keyPrefix: config.redisPrefix,
    log,
    onFailure: (operation) => {
      metrics.storeFailed(operation);
    },
  });
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}

function wait(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}

async function until(clock: Clock, isSo: () => boolean, limitMs: number): Promise<void> {
  const deadlineMs = clock.monotonicMs() + limitMs;
  while (!isSo() && clock.monotonicMs() < deadlineMs) await wait(clock, STORE_POLL_MS);
}
