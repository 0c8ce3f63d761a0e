/** The composition root: constructs every part in order, starts and stops them. The only file that sees everything. */
import { createRelayCredentials } from './adapters/jose/relay-credentials.js';
import { noGeo, openGeo } from './adapters/maxmind/geo.js';
import { createMemoryStore } from './adapters/memory/memory-store.js';
import { createPinoLog, type PinoLog } from './adapters/pino/log.js';
import { createPrometheusMetrics } from './adapters/prometheus/metrics.js';
import { createRedisStore } from './adapters/redis/redis-store.js';
import { systemClock } from './adapters/system/clock.js';
import { systemLoad } from './adapters/system/load.js';
import { systemCrypto } from './adapters/system/crypto.js';
import { createSealer } from './adapters/system/sealer.js';
import { reachableAddress } from './adapters/system/host-address.js';
import { loadEngine, type Engine } from './adapters/uws/engine.js';
import { UwsApp, UwsServer } from './adapters/uws/server.js';
import { Membership } from './cluster/membership.js';
import { newNodeId } from './cluster/node-id.js';
import { composeClient } from './compose-client.js';
import { composeDoor, type ComposedDoor } from './compose-door.js';
import { composeGroup } from './compose-group.js';
import { composeIdentity, type Identity } from './compose-identity.js';
import { composeTokens, type Tokens } from './compose-tokens.js';
import type { Config } from './config/schema.js';
import type { OriginRule } from './door/origin.js';
import { ApiKeys } from './identity/api-keys.js';
import { UserSessionSockets } from './identity/user-session-sockets.js';
import { randomBase62 } from './lib/base62.js';
import { VERSION } from './lib/version.js';
import { encodeControl } from './protocol/server-control.js';
import type { Clock } from './ports/clock.js';
import type { Crypto } from './ports/crypto.js';
import type { Geo } from './ports/geo.js';
import type { Log } from './ports/log.js';
import type { Metrics } from './ports/metrics.js';
import type { RelayCredentials } from './ports/relay-credentials.js';
import type { Store } from './ports/store.js';
import { RelayDoorway } from './relay/admission.js';
import { Attacher } from './relay/attach.js';
import { AutoWindow } from './relay/auto-window.js';
import { Authorizations } from './relay/authorizations.js';
import { Connections } from './relay/connection.js';
import { Control } from './relay/control.js';
import { Departures } from './relay/departures.js';
import { FlushSchedule } from './relay/flush-schedule.js';
import { LiveSessions } from './relay/live.js';
import { LocalEnforcer } from './relay/local-enforcer.js';
import { Rooms } from './relay/rooms.js';
import { RelaySessions } from './relay/sessions.js';
import { SlabPool } from './relay/slab-pool.js';
import { Upkeep } from './relay/upkeep.js';
import { createRest } from './rest/rest.js';

/** Seats of a session whose creator does not say. */
const DEFAULT_MAX_USERS = 1000;
/** How long a start waits for the store before it listens all the same, not ready. */
const STORE_WAIT_MS = 2000;
const STORE_POLL_MS = 10;
/** How long a stop waits for requests that are being answered. */
const REQUESTS_WAIT_MS = 5000;
const LOG_FLUSH_MS = 1000;
/** Each socket's share of a drain: a thousand leave in a second. */
const CLOSE_SPREAD_MS = 1;
/** What waits for slow receivers lies in buffers of this size, and is written to them in pieces of it: 32 MB stay pooled. */
const SLAB_BYTES = 32 * 1024;
const MAX_SLABS = 1024;

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
  /**
   * Refuses what is new, answers what runs, closes every socket with `going_away`, and lets go of everything.
   * Idempotent.
   */
  stop(): Promise<void>;
}

/** What everything else stands on. */
interface Ground {
  readonly config: Config;
  readonly clock: Clock;
  readonly crypto: Crypto;
  /** Made up when none is configured, which only the embedded store allows. */
  readonly secret: string;
  readonly log: PinoLog;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly geo: Geo;
  readonly uws: UwsApp;
  readonly membership: Membership;
  readonly sessionSockets: UserSessionSockets;
  readonly tokens: Tokens;
  /** Where clients reach this node; right once it listens. */
  readonly publicUrl: () => string;
}

/** Rejects when no build of the engine loads, the Redis URL cannot be read, or the GeoIP database cannot be opened. */
export async function createGateway({ config, wrapStore = (store) => store }: GatewayOptions): Promise<Gateway> {
  const engine = loadEngine();
  const clock = systemClock();
  const crypto = systemCrypto();
  const self = newNodeId(crypto);
  const log = createPinoLog({ level: config.logLevel, fields: { node: self } });
  const storeName = config.redisUrl === null ? 'memory' : 'redis';
  const metrics = createPrometheusMetrics({ version: VERSION, engine: engine.name, store: storeName });
  const store = wrapStore(openStore(config, clock, log, metrics));
  const geo = await geoOf(config);
  const uws = new UwsApp(engine);
  const rootKey = config.rootKey ?? randomBase62(crypto, 43);
  const secret = config.secret ?? randomBase62(crypto, 43);
  const startedAtMs = clock.nowMs();
  let port = config.port;
  const ownUrl = (): string => urlOf(reachableAddress(config.host), port);
  const publicUrl = (): string => config.publicUrl ?? ownUrl();
  const membership: Membership = new Membership({
    nodes: store.nodes,
    clock,
    log,
    self,
    onLeaseRegained: () => relay.rooms.checkHomes(),
    report: () => ({
      startedAtMs,
      labels: config.nodeLabels,
      publicUrl: publicUrl(),
      address: reachableAddress(config.host),
      connections: server.connections,
      sessions: relay.rooms.size,
      version: VERSION,
      engine: engine.name,
    }),
  });
  const sessionSockets = new UserSessionSockets();
  const tokens = composeTokens({ config, secret, clock, log, store, ownUrl });
  const common = { config, clock, crypto, secret, log, metrics, store };
  const ground: Ground = { ...common, geo, uws, membership, sessionSockets, tokens, publicUrl };
  const relay = composeRelay(ground);
  const identity = composeIdentity(ground, sessionSockets);
  const server: UwsServer = composeServer(ground, relay, identity, rootKey);
  exposeGauges(ground, relay.rooms, server);

  return {
    log,
    metrics,
    async start() {
      store.start();
      await until(clock, () => store.health().ok, STORE_WAIT_MS);
      port = await server.listen(config.host, config.port);
      await membership.start();
      relay.upkeep.start();
      relay.door.start();
      identity.start();
      tokens.start();
      const url = urlOf(config.host, port);
      log.info('listening', { url, port, engine: engine.name, store: store.engine, version: VERSION });
      return listeningAt(url, port, engine, store, config.rootKey === null ? rootKey : null);
    },
    stop: once(async () => {
      log.info('stopping', { connections: server.connections });
      const drained = membership.drain();
      server.stopListening();
      await drained;
      relay.departures.stop();
      const windowMs = Math.min(config.drainTimeoutMs, server.connections * CLOSE_SPREAD_MS);
      await Promise.all([
        server.closeSpread('going_away', windowMs, (afterMs) =>
          encodeControl({ type: 'goaway', reason: 'shutdown', after_ms: afterMs }),
        ),
        Promise.race([server.requestsAnswered(), wait(clock, REQUESTS_WAIT_MS)]),
      ]);
      server.close();
      relay.upkeep.stop();
      relay.door.stop();
      identity.stop();
      tokens.stop();
      await membership.stop();
      await store.stop();
      log.info('stopped');
      await log.flushLog(LOG_FLUSH_MS);
    }),
  };
}

interface Relay {
  readonly rooms: Rooms;
  readonly sessions: RelaySessions;
  readonly authorizations: Authorizations;
  readonly credentials: RelayCredentials;
  readonly live: LiveSessions;
  readonly door: ComposedDoor;
  readonly departures: Departures;
  readonly upkeep: Upkeep;
}

function composeRelay(ground: Ground): Relay {
  const { config, clock, crypto, log, metrics, geo, uws, membership: placement } = ground;
  const store = ground.store.relay;
  const { maxMessageBytes, messagesPerS, bytesPerS, heartbeatMs, heartbeatTimeoutMs } = config;
  const mayNumber = (): boolean => placement.leaseHeld();
  const departures = new Departures({ store, clock, log, self: placement.self });
  const autoWindow = new AutoWindow(clock, systemLoad());
  const schedule = new FlushSchedule(clock, autoWindow, (cause) => {
    log.error('flush_failed', cause);
  });
  const replayBounds = { maxEntries: config.replayMaxEntries, maxBytes: config.replayMaxBytes };
  const outletBounds = {
    softBytes: config.softBackpressureBytes,
    hardBytes: config.maxBackpressureBytes,
    maxBehindMs: config.maxBehindMs,
  };
  const slabs = new SlabPool(SLAB_BYTES, MAX_SLABS);
  const { tallies } = metrics;
  const room = { clock, broadcaster: uws, schedule, tallies, replayBounds, outletBounds, slabs, mayNumber };
  const { sessionSockets: watches } = ground;
  const rooms = new Rooms({ store, placement, crypto, departures, watches, room });
  const enforcer = new LocalEnforcer(rooms);
  const credentials = createRelayCredentials(ground.secret, clock);
  const defaults = {
    maxUsers: DEFAULT_MAX_USERS,
    ttlMs: config.sessionTtlS * 1000,
    resumeWindowMs: config.resumeWindowMs,
    flushMs: config.flushMs,
  };
  const sessions = new RelaySessions({ store, placement, enforcer, geo, crypto, clock, defaults });
  const authorizations = new Authorizations({ store, enforcer, credentials, clock });
  const control = new Control({ store, rooms, departures, sessions, authorizations });
  const limits = { maxMessageBytes, messagesPerS, bytesPerS, heartbeatMs, heartbeatTimeoutMs, mayNumber };
  const connections = new Connections({ rooms, departures, control, clock, metrics, log, limits });
  const attacher = new Attacher({
    rooms,
    departures,
    connections,
    tallies: metrics.tallies,
    node: placement.self,
    limits: { max_message_bytes: maxMessageBytes, messages_per_s: messagesPerS, bytes_per_s: bytesPerS },
    heartbeatMs,
  });
  const { userSessions } = ground.store;
  const relayDoorway = new RelayDoorway({
    ...{ store, rooms, placement, credentials, userSessions, watches, attacher, crypto },
  });
  const origins = originRule(config);
  return {
    rooms,
    sessions,
    authorizations,
    credentials,
    live: new LiveSessions({ store, rooms, placement, clock, maxMessageBytes }),
    door: composeDoor({ ...ground, placement, tokens: ground.tokens.session, watches, origins, relayDoorway }),
    departures,
    upkeep: new Upkeep({ store, rooms, connections, clock, log, storeIsUp: () => ground.store.health().ok }),
  };
}

function composeServer(ground: Ground, relay: Relay, identity: Identity, rootKey: string): UwsServer {
  const { config, clock, crypto, log, metrics, store, uws, membership } = ground;
  const { maxBodyBytes, maxMessageBytes, requestDeadlineMs: deadlineMs } = config;
  const env = config.environment === 'production' ? 'live' : 'dev';
  const { sessions, authorizations, credentials } = relay;
  const rest = createRest({
    sessions: relay.sessions,
    authorizations: relay.authorizations,
    live: relay.live,
    identity,
    client: composeClient(ground, identity, ground.tokens),
    group: composeGroup({ ...ground, passwords: identity.passwords, credentials, sessions, authorizations }),
    keys: new ApiKeys({ store: store.keys, crypto, clock, log, rootKey, env }),
    placement: membership,
    gatekeeper: relay.door.gatekeeper,
    metrics,
    log,
    clock,
    crypto,
    sealer: createSealer(ground.secret),
    idempotency: store.idempotency,
    health: () => store.health(),
    origins: originRule(config),
    limits: { maxBodyBytes, maxMessageBytes },
  });
  const maxSilenceMs = config.heartbeatMs + config.heartbeatTimeoutMs;
  const limits = { maxMessageBytes, maxBufferedBytes: config.maxBackpressureBytes, maxSilenceMs };
  const { handle, refuse } = rest;
  return new UwsServer(uws, {
    handle,
    refuse,
    gatekeeper: relay.door.gatekeeper,
    clock,
    log,
    metrics,
    maxBodyBytes,
    deadlineMs,
    limits,
  });
}

function exposeGauges({ metrics, store, log, membership }: Ground, rooms: Rooms, server: UwsServer): void {
  metrics.gauge('connections', 'Open WebSockets.', () => server.connections);
  metrics.gauge('rooms', 'Relay sessions that are live on this node.', () => rooms.size);
  metrics.gauge('store_up', '1 while the state store can be asked.', () => (store.health().ok ? 1 : 0));
  metrics.gauge('lease_held', '1 while this node may number reliable entries.', () => (membership.leaseHeld() ? 1 : 0));
  metrics.gauge('log_lines_dropped', 'Log lines lost to a sink that did not take them.', () => log.droppedLines());
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

function originRule({ allowedOrigins, publicUrl }: Config): OriginRule {
  return {
    allowed: typeof allowedOrigins === 'string' ? allowedOrigins : new Set(allowedOrigins),
    own: publicUrl === null ? null : new URL(publicUrl).origin,
  };
}

async function geoOf({ geoipDb }: Config): Promise<Geo> {
  if (geoipDb === null) return noGeo();
  try {
    return await openGeo(geoipDb);
  } catch (cause) {
    throw new Error(`SALLYPORT_GEOIP_DB: ${geoipDb} cannot be read as a MaxMind database`, { cause });
  }
}

function listeningAt(url: string, port: number, engine: Engine, store: Store, rootKey: string | null): Listening {
  return { url, port, store: store.engine, engine: engine.name, rootKey };
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}

/** However often it is called, it runs once, and every caller waits for that run. */
function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => (running ??= run());
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
