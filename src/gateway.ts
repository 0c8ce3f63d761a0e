/** The composition root: constructs every part in order, starts and stops them. The only file that sees everything. */
import { noGeo, openGeo } from './adapters/maxmind/geo.js';
import { createMemoryStore } from './adapters/memory/memory-store.js';
import { createPinoLog, type PinoLog } from './adapters/pino/log.js';
import { createPrometheusMetrics } from './adapters/prometheus/metrics.js';
import { createRedisStore } from './adapters/redis/redis-store.js';
import { systemClock } from './adapters/system/clock.js';
import { systemCrypto } from './adapters/system/crypto.js';
import { createOperations, withOperations } from './adapters/system/operations.js';
import { createSealer } from './adapters/system/sealer.js';
import { reachableAddress } from './adapters/system/host-address.js';
import { loadEngine, type Engine } from './adapters/uws/engine.js';
import { UwsApp, UwsServer } from './adapters/uws/server.js';
import { Membership } from './cluster/membership.js';
import { newNodeId } from './cluster/node-id.js';
import { composeClient } from './compose/client.js';
import { composeGroup } from './compose/group.js';
import { composeIdentity, type Identity } from './compose/identity.js';
import { composeLogin, type Login } from './compose/login.js';
import { composeRelay, originRule, type Relay } from './compose/relay.js';
import { composeTokens, type Tokens } from './compose/tokens.js';
import type { Config } from './config/schema.js';
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
import type { Operations } from './ports/operations.js';
import type { Store } from './ports/store.js';
import type { Rooms } from './relay/home/rooms.js';
import { createRest } from './rest/rest.js';

/** How long a start waits for the store before it listens all the same, not ready. */
const STORE_WAIT_MS = 2000;
const STORE_POLL_MS = 10;
/** How long a stop waits for requests that are being answered. */
const REQUESTS_WAIT_MS = 5000;
const LOG_FLUSH_MS = 1000;
/** Each socket's share of a drain: a thousand leave in a second. */
const CLOSE_SPREAD_MS = 1;

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
  readonly operations: Operations;
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
  const random = systemCrypto();
  const rootKey = config.rootKey ?? randomBase62(random, 43);
  const secret = config.secret ?? randomBase62(random, 43);
  const operations = createOperations(secret);
  const crypto = withOperations(random, operations);
  const self = newNodeId(crypto);
  const log = createPinoLog({ level: config.logLevel, fields: { node: self } });
  const storeName = config.redisUrl === null ? 'memory' : 'redis';
  const metrics = createPrometheusMetrics({ version: VERSION, engine: engine.name, store: storeName });
  const store = wrapStore(openStore(config, clock, log, metrics, operations));
  const geo = await geoOf(config);
  const uws = new UwsApp(engine);
  const startedAtMs = clock.nowMs();
  let port = config.port;
  const ownUrl = (): string => urlOf(reachableAddress(config.host), port);
  const publicUrl = (): string => config.publicUrl ?? ownUrl();
  const membership: Membership = new Membership({
    nodes: store.nodes,
    clock,
    log,
    self,
    onLeaseRegained: () => relay.homeCheck.checkAll(),
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
  const common = { config, clock, crypto, secret, operations, log, metrics, store };
  const ground: Ground = { ...common, geo, uws, membership, sessionSockets, tokens, publicUrl };
  const relay = composeRelay(ground);
  const identity = composeIdentity(ground, sessionSockets);
  const login = composeLogin(ground, identity);
  const server: UwsServer = composeServer(ground, relay, identity, login, rootKey);
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
      relay.homeCheck.start();
      relay.heartbeats.start();
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
      relay.homeCheck.stop();
      relay.heartbeats.stop();
      relay.door.stop();
      identity.stop();
      tokens.stop();
      await login.stop();
      await membership.stop();
      await store.stop();
      log.info('stopped');
      await log.flushLog(LOG_FLUSH_MS);
    }),
  };
}

function composeServer(ground: Ground, relay: Relay, identity: Identity, login: Login, rootKey: string): UwsServer {
  const { config, clock, crypto, log, metrics, store, uws, membership } = ground;
  const { maxBodyBytes, maxMessageBytes, requestDeadlineMs: deadlineMs } = config;
  const env = config.environment === 'production' ? 'live' : 'dev';
  const { sessions, authorizations, credentials } = relay;
  const { oneTime, rateLimits } = store;
  const rest = createRest({
    sessions: relay.sessions,
    authorizations: relay.authorizations,
    live: relay.live,
    identity,
    login,
    client: composeClient(ground, identity, ground.tokens),
    group: composeGroup({
      ...ground,
      store: { relay: relay.store, oneTime, rateLimits },
      passwords: identity.passwords,
      credentials,
      sessions,
      authorizations,
    }),
    keys: new ApiKeys({ store: store.keys, crypto, clock, log, rootKey, env }),
    placement: membership,
    gatekeeper: relay.door.gatekeeper,
    metrics,
    log,
    clock,
    crypto,
    sealer: createSealer(ground.secret),
    idempotency: store.idempotency,
    operations: ground.operations,
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

function openStore(config: Config, clock: Clock, log: Log, metrics: Metrics, operations: Operations): Store {
  if (config.redisUrl === null) return createMemoryStore({ clock });
  return createRedisStore({
    url: config.redisUrl,
    keyPrefix: config.redisPrefix,
    log,
    operations,
    onFailure: (operation) => {
      metrics.storeFailed(operation);
    },
  });
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
