/** Builds what every part of a gateway needs: time, random numbers, the log, metrics, the store and the engine. */
import { noGeo, openGeo } from '../adapters/maxmind/geo.js';
import { createPinoLog, type PinoLog } from '../adapters/pino/log.js';
import { createPrometheusMetrics } from '../adapters/prometheus/metrics.js';
import { systemClock } from '../adapters/system/clock.js';
import { systemCrypto } from '../adapters/system/crypto.js';
import { createOperations, withOperations } from '../adapters/system/operations.js';
import type { Engine } from '../adapters/uws/engine.js';
import { loadEngine } from '../adapters/uws/load-engine.js';
import { engineReadsProxyProtocol } from '../adapters/uws/proxy-protocol.js';
import { UwsApp } from '../adapters/uws/server.js';
import { newNodeId } from '../cluster/node-id.js';
import { ConfigError } from '../config/config-error.js';
import type { Config } from '../config/schema.js';
import { UserSessionSockets } from '../identity/user-session-sockets.js';
import { randomBase62 } from '../lib/base62.js';
import { VERSION } from '../lib/version.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import type { Geo } from '../ports/geo.js';
import type { Metrics } from '../ports/metrics.js';
import type { Operations } from '../ports/operations.js';
import type { Outbound } from '../ports/outbound.js';
import type { Store } from '../ports/store.js';
import type { NodeId } from '../protocol/ids.js';
import { OpenSockets } from '../sockets/open-sockets.js';
import { NodeAddress, type WorkerRole } from './node-address.js';
import { NodeDuties } from './node-duties.js';
import { composeOutbound } from './outbound.js';
import { storeService, openStore } from './store.js';
import type { Composed } from './service.js';

export interface Ground extends Composed {
  readonly config: Config;
  readonly clock: Clock;
  readonly crypto: Crypto;
  /** Random when none is configured, which only the embedded store allows. */
  readonly secret: string;
  /** Random when none is configured. */
  readonly rootKey: string;
  readonly operations: Operations;
  readonly log: PinoLog;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly geo: Geo;
  readonly outbound: Outbound;
  readonly uws: UwsApp;
  readonly self: NodeId;
  readonly address: NodeAddress;
  readonly duties: NodeDuties;
  readonly sessionSockets: UserSessionSockets;
  readonly openSockets: OpenSockets;
}

/**
 * `wrapStore` puts something between the gateway and its store. Rejects when no build of the engine loads, the Redis URL
 * cannot be read, the GeoIP database cannot be opened, or a target of the settings may not be called.
 */
export async function layGround(
  config: Config,
  wrapStore: (store: Store) => Store,
  role: WorkerRole | null,
): Promise<Ground> {
  const engine = loadEngine(config.engine);
  await requireProxyProtocol(config, engine);
  const outbound = composeOutbound(config);
  const clock = systemClock();
  const random = systemCrypto();
  const rootKey = config.rootKey ?? randomBase62(random, 43);
  const secret = config.secret ?? randomBase62(random, 43);
  const operations = createOperations(secret);
  const crypto = withOperations(random, operations);
  const self = newNodeId(crypto);
  const log = createPinoLog({
    level: config.logLevel,
    format: config.logFormat,
    fields: role === null ? { node: self } : { node: self, worker: role.worker },
  });
  if (engine.isSlow) log.warn('engine_slow', { engine: engine.name, problems: engine.problems.join('; ') });
  const storeName = config.redisUrl === null ? 'memory' : 'redis';
  const metrics = createPrometheusMetrics({ version: VERSION, engine: engine.name, store: storeName });
  const store = wrapStore(openStore({ config, clock, log, metrics, operations }));
  return {
    config,
    clock,
    crypto,
    secret,
    rootKey,
    operations,
    log,
    metrics,
    store,
    geo: await geoOf(config),
    outbound,
    uws: new UwsApp(engine, metrics.tallies),
    self,
    address: new NodeAddress(config, role),
    duties: new NodeDuties(),
    sessionSockets: new UserSessionSockets(),
    openSockets: new OpenSockets(),
    services: [storeService(store, clock)],
  };
}

async function requireProxyProtocol({ proxyProtocol }: Config, engine: Engine): Promise<void> {
  if (proxyProtocol === 'off' || (await engineReadsProxyProtocol(engine))) return;
  throw new ConfigError([`SALLYPORT_PROXY_PROTOCOL: expected off, because ${engine.name} does not read this protocol`]);
}

async function geoOf({ geoipDb }: Config): Promise<Geo> {
  if (geoipDb === null) return noGeo();
  try {
    return await openGeo(geoipDb);
  } catch (cause) {
    throw new Error(`SALLYPORT_GEOIP_DB: ${geoipDb} cannot be read as a MaxMind database`, { cause });
  }
}
