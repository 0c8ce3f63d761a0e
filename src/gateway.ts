/**
 * The composition root, and the module that `import 'sallyport'` loads. It builds the ground and every part on it,
 * starts the services in order and stops them in reverse.
 */
import { composeAdmin } from './compose/admin.js';
import { composeClient } from './compose/client.js';
import { composeCluster } from './compose/cluster.js';
import { Drain, drainService } from './compose/drain.js';
import { exposeGauges } from './compose/gauges.js';
import { composeEvents } from './compose/events.js';
import { composeGroup } from './compose/group.js';
import { layGround, type Ground } from './compose/ground.js';
import { composeIdentity } from './compose/identity.js';
import { composeLogin } from './compose/login.js';
import { once } from './compose/once.js';
import { composeRelay } from './compose/relay.js';
import { composeRest } from './compose/rest.js';
import { composeServer } from './compose/server.js';
import { startInOrder, stopInReverse, type Composed } from './compose/service.js';
import type { WorkerRole } from './compose/node-address.js';
import { composeTokens } from './compose/tokens.js';
import { composeWebhooks } from './compose/webhooks.js';
import { ConfigError } from './config/config-error.js';
import { parseConfig, type Environment } from './config/parse.js';
import { VERSION } from './lib/version.js';
import type { Log } from './ports/log.js';
import type { Metrics } from './ports/metrics.js';
import type { Store } from './ports/store.js';

const LOG_FLUSH_MS = 1000;
/** The line `listening` comes before everything that the program prints after its start. */
const LOG_WRITTEN_MS = 200;
/** Several need a process each, which only the program starts. */
const ONE_GATEWAY = 'SALLYPORT_WORKERS: expected 1 here, because a gateway is one node; the program starts several';

export { ConfigError, type Environment, type WorkerRole };

export interface GatewayOptions {
  /** For tests: puts something between the gateway and its store. */
  readonly wrapStore?: (store: Store) => Store;
  /** For a process that a supervisor started as one of several workers. */
  readonly role?: WorkerRole;
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
  /** Rejects when the address cannot be listened on. A store that is unavailable only makes it not ready. */
  start(): Promise<Listening>;
  /**
   * Refuses new work, answers running requests, closes every socket with `going_away`, and stops every service. It waits a
   * bounded time for each service, and rejects when one fails or takes too long. Idempotent.
   */
  stop(): Promise<void>;
}

/**
 * Builds a gateway from settings by the names in docs/CONFIG.md, such as `{ SALLYPORT_PORT: '0' }`. It reads no other
 * environment and touches neither signals nor the exit code of the process. Nothing runs before `start`.
 *
 * Rejects with a `ConfigError` that names everything wrong with the settings, and with another error when no build of the
 * engine loads, the Redis URL cannot be read, or the GeoIP database cannot be opened.
 */
export async function createGateway(env: Environment, options: GatewayOptions = {}): Promise<Gateway> {
  const parsed = parseConfig(env);
  if (!parsed.ok) throw new ConfigError(parsed.problems);
  const { wrapStore = asItIs, role = null } = options;
  if (parsed.config.workers > 1 && role === null) throw new ConfigError([ONE_GATEWAY]);
  const ground = await layGround(parsed.config, wrapStore, role);
  const { clock, log, metrics } = ground;
  const { services, connections } = composeParts(ground);
  return {
    log,
    metrics,
    async start() {
      await startInOrder(services);
      const listening = listeningOf(ground);
      const { url, port, engine, store } = listening;
      log.info(options.role === undefined ? 'listening' : 'worker_listening', {
        url,
        port,
        engine,
        store,
        version: VERSION,
      });
      await log.written(LOG_WRITTEN_MS);
      return listening;
    },
    stop: once(async () => {
      log.info('stopping', { connections: connections() });
      await stopInReverse(services, { clock, log });
      log.info('stopped');
      await log.flushLog(LOG_FLUSH_MS);
    }),
  };
}

function asItIs(store: Store): Store {
  return store;
}

interface Parts extends Composed {
  readonly connections: () => number;
}

/** Builds each part from the parts above it. */
function composeParts(ground: Ground): Parts {
  const { address, config, clock, log, store } = ground;
  const cluster = composeCluster(ground);
  const { membership, calls, drains, busRefusal, satellites } = cluster;
  const tokens = composeTokens({ ...ground, publicUrl: () => address.publicUrl() });
  const webhooks = composeWebhooks({ ...ground, nodes: membership });
  const events = composeEvents(ground, { membership, calls, webhooks });
  const relay = composeRelay({ ...ground, membership, calls, satellites, tokens });
  const identity = composeIdentity({ ...ground, calls, tokens });
  const login = composeLogin({ ...ground, calls, tokens }, identity);
  const client = composeClient(ground, identity, tokens);
  const group = composeGroup({
    ...ground,
    ...relay,
    store: { relay: relay.store, oneTime: store.oneTime, rateLimits: store.rateLimits },
    passwords: identity.passwords,
    publicUrl: () => address.publicUrl(),
  });
  const parts = { relay, identity, login, client, group, webhooks };
  const rest = composeRest(ground, { membership, calls, drains, busRefusal, ...parts });
  const front = composeServer(ground, relay.gatekeeper, rest);
  const { server } = front;
  const admin = composeAdmin(ground, rest.admin);
  exposeGauges(ground, { membership, rooms: relay.rooms, server });
  const { departures, sessionDrain: sessions } = relay;
  const drain = new Drain({ config, clock, log, membership, sessions, departures, server });
  ground.duties.drainWith(drain);
  const composed = [ground, admin, front, cluster, webhooks, events, relay, identity, tokens, login, client, group];
  return {
    services: [...composed.flatMap((part) => part.services), front.entry, drainService(drain, config)],
    connections: () => server.connections,
  };
}

function listeningOf({ config, address, store, uws, rootKey }: Ground): Listening {
  return {
    url: address.listeningUrl(),
    port: address.port,
    store: store.engine,
    engine: uws.engine.name,
    rootKey: config.rootKey === null ? rootKey : null,
  };
}
