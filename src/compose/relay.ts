/** Composes the relay: live rooms, sessions and authorizations over the store, and the door in front of them. */
import { createRelayCredentials } from '../adapters/jose/relay-credentials.js';
import { systemLoad } from '../adapters/system/load.js';
import type { Membership } from '../cluster/membership.js';
import type { Config } from '../config/schema.js';
import type { OriginRule } from '../sockets/origin.js';
import type { UserSessionSockets } from '../identity/user-session-sockets.js';
import type { Clock } from '../ports/clock.js';
import type { Gatekeeper } from '../ports/connect.js';
import type { Crypto } from '../ports/crypto.js';
import type { Geo } from '../ports/geo.js';
import type { Log } from '../ports/log.js';
import type { Metrics } from '../ports/metrics.js';
import type { Outbound } from '../ports/outbound.js';
import type { NodeCalls } from '../ports/node-calls.js';
import type { RelayCredentials } from '../ports/relay-credentials.js';
import type { RelayStore } from '../ports/relay-store.js';
import type { Store } from '../ports/store.js';
import { RelayDoorway } from '../relay/relay-doorway.js';
import { Authorizations } from '../relay/sessions/authorizations.js';
import { MembersByUser } from '../relay/room/members-by-user.js';
import { AutoWindow } from '../relay/room/auto-window.js';
import { ControlHandler } from '../relay/home/control-handler.js';
import { Departures } from '../relay/home/departures.js';
import { FlushSchedule } from '../relay/room/flush-schedule.js';
import { heldStore } from '../relay/home/held-store.js';
import { AllNodesEnforcer } from '../relay/home/all-nodes-enforcer.js';
import { DurableRooms } from '../relay/home/durable-rooms.js';
import { HandOvers } from '../relay/home/hand-overs.js';
import { HomeCheck } from '../relay/home/home-check.js';
import { UserPresence } from '../relay/presence/user-presence.js';
import { LiveSessions } from '../relay/sessions/live-sessions.js';
import { LocalEnforcer } from '../relay/home/local-enforcer.js';
import { Rooms } from '../relay/home/rooms.js';
import { Orphans } from '../relay/home/orphans.js';
import { RoomLedger } from '../relay/home/room-ledger.js';
import { RelaySessions } from '../relay/sessions/relay-sessions.js';
import { SessionDrain } from '../relay/home/session-drain.js';
import { SlabPool } from '../relay/room/slab-pool.js';
import { WaitingTotal } from '../relay/room/waiting-total.js';
import { TakeOvers } from '../relay/home/take-overs.js';
import { Upkeep } from '../relay/home/upkeep.js';
import { Greeter } from '../relay/home/welcome.js';
import { ForwardingConnection } from '../sockets/forwarding-connection.js';
import type { OpenSockets } from '../sockets/open-sockets.js';
import { Heartbeats } from '../sockets/heartbeats.js';
import type { Cluster } from './cluster.js';
import { composeDoor } from './door.js';
import { composeJoinQuestion } from './join-question.js';
import type { NodeDuties } from './node-duties.js';
import type { Composed } from './service.js';
import type { Tokens } from './tokens.js';

/** The number of seats of a session whose creator gives none. */
const DEFAULT_MAX_USERS = 1000;

/** Entries for slow receivers wait in buffers of this size and are written in pieces of it. The pool keeps at most 32 MB. */
const SLAB_BYTES = 32 * 1024;
const MAX_SLABS = 1024;

/** For connections whose silence another node watches. */
const NO_HEARTBEATS = { add: () => undefined, delete: () => undefined };
/** The most that may wait for the store in one durable session, and in all of them. */
const MAX_WAITING_ROOM_BYTES = 1024 * 1024;
const MAX_WAITING_NODE_BYTES = 64 * 1024 * 1024;
/** A node learns of new ones with its heartbeats, five in a lease of at most two seconds. */
const NODES_KNOWN_WITHIN_MS = 1000;

export interface RelayGround {
  readonly config: Config;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly secret: string;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly geo: Geo;
  readonly outbound: Outbound;
  readonly satellites: Cluster['satellites'];
  readonly membership: Membership;
  readonly duties: NodeDuties;
  readonly calls: NodeCalls;
  readonly sessionSockets: UserSessionSockets;
  readonly openSockets: OpenSockets;
  readonly tokens: Tokens;
}

export interface Relay extends Composed {
  readonly rooms: Rooms;
  readonly sessions: RelaySessions;
  readonly authorizations: Authorizations;
  readonly credentials: RelayCredentials;
  readonly live: LiveSessions;
  readonly presence: UserPresence;
  readonly gatekeeper: Gatekeeper;
  readonly departures: Departures;
  readonly sessionDrain: SessionDrain;
  /** The store for everything but homes: it looks at the rooms of this node before it says that a session is unknown. */
  readonly store: RelayStore;
}

export function composeRelay(ground: RelayGround): Relay {
  const { config, clock, crypto, log, metrics, geo, satellites, membership: placement } = ground;
  const bare = ground.store.relay;
  const { maxMessageBytes, messagesPerS, bytesPerS, workMsPerS, heartbeatMs, heartbeatTimeoutMs } = config;
  const mayNumber = (): boolean => placement.leaseHeld();
  const departures = new Departures({
    store: bare,
    clock,
    log,
    self: placement.self,
    storeNowMs: () => placement.storeNowMs(),
  });
  const autoWindow = new AutoWindow(clock, systemLoad());
  const schedule = new FlushSchedule(
    clock,
    autoWindow,
    (cause) => {
      log.error('flush_failed', cause);
    },
    satellites.flush,
  );
  const replayBounds = { maxEntries: config.replayMaxEntries, maxBytes: config.replayMaxBytes };
  const outletBounds = {
    softBytes: config.softBackpressureBytes,
    hardBytes: config.maxBackpressureBytes,
    maxBehindMs: config.maxBehindMs,
  };
  const slabs = new SlabPool(SLAB_BYTES, MAX_SLABS);
  const { tallies, timings } = metrics;
  const { broadcaster } = satellites;
  const membersByUser = new MembersByUser();
  const room = { clock, broadcaster, schedule, tallies, timings, replayBounds, outletBounds, slabs, membersByUser };
  const { sessionSockets: watches } = ground;
  const storeHealth = () => ground.store.health();
  const storeIsUp = (): boolean => storeHealth().ok;
  const total = new WaitingTotal({ maxRoomBytes: MAX_WAITING_ROOM_BYTES, maxNodeBytes: MAX_WAITING_NODE_BYTES });
  metrics.gauge('durable_waiting_entries', 'Entries of durable sessions that wait for the store.', () => total.entries);
  metrics.gauge('durable_waiting_bytes', 'Memory that these entries take, about.', () => total.bytes);
  const onFailure = (cause: unknown): void => {
    log.error('durable_log_failed', cause);
  };
  const durable = new DurableRooms({
    queue: { log: ground.store.durableLog, clock, tallies, total, storeIsUp, onFailure },
    self: placement.self,
    storeNowMs: () => placement.storeNowMs(),
  });
  const { rooms: index } = ground.store;
  const ledger = new RoomLedger({ index, self: placement.self, clock, log });
  const { calls } = ground;
  const opening = { store: bare, placement, crypto, departures, watches, durable, ledger, room };
  const rooms = new Rooms({ ...opening, calls, tallies });
  const orphans = new Orphans({ index, rooms, placement, clock, log });
  const homeCheck = new HomeCheck({
    store: bare,
    rooms,
    departures,
    self: placement.self,
    clock,
    log,
    tallies,
    storeIsUp,
  });
  ground.duties.countSessions(() => rooms.size);
  ground.duties.compareWithStore(() => homeCheck.checkAll());
  metrics.gauge('rooms_held', 'Rooms of this node while it holds its lease, else 0.', () =>
    mayNumber() ? rooms.size : 0,
  );
  metrics.gauge('rooms_fenced', 'Rooms of this node while it has no lease.', () => (mayNumber() ? 0 : rooms.size));
  metrics.gauge('dead_homes', 'Dead nodes whose sessions may not have a home yet.', () => orphans.deadHomes);
  const store = heldStore(bare, (id) => homeCheck.isHere(id));
  const enforcer = new AllNodesEnforcer({
    local: new LocalEnforcer(rooms),
    calls: ground.calls,
    lookAgain: (id) => homeCheck.checkThose([id]),
  });
  enforcer.serve();
  const credentials = createRelayCredentials(ground.secret, clock);
  const defaults = {
    maxUsers: DEFAULT_MAX_USERS,
    ttlMs: config.sessionTtlS * 1000,
    resumeWindowMs: config.resumeWindowMs,
    flushMs: config.flushMs,
  };
  const sessions = new RelaySessions({
    store,
    storeHealth,
    placement,
    enforcer,
    geo,
    outbound: ground.outbound,
    crypto,
    clock,
    defaults,
    tallies,
  });
  const authorizations = new Authorizations({ store, enforcer, credentials, crypto, clock });
  const control = new ControlHandler({
    self: placement.self,
    isHome: mayNumber,
    store,
    rooms,
    departures,
    sessions,
    authorizations,
  });
  const heartbeats = new Heartbeats(clock);
  const limits = { maxMessageBytes, messagesPerS, bytesPerS, workMsPerS, heartbeatMs, heartbeatTimeoutMs };
  const connections = { clock, metrics, log, heartbeats, limits };
  const rules = { maxMessageBytes, mayNumber };
  const greeter = new Greeter({
    tallies: metrics.tallies,
    node: placement.self,
    limits: { max_message_bytes: maxMessageBytes, messages_per_s: messagesPerS, bytes_per_s: bytesPerS },
    heartbeatMs,
  });
  const admission = { rooms, departures, greeter };
  const relaying = { rules, control, departures };
  const admissions = { ...admission, connections: { ...connections, ...relaying } };
  // The satellite keeps the rate of its clients and watches their silence.
  const farConnections = {
    ...connections,
    heartbeats: NO_HEARTBEATS,
    limits: { ...limits, messagesPerS: 0, bytesPerS: 0 },
  };
  const farAdmissions = { ...admission, connections: { ...farConnections, ...relaying } };
  satellites.forwardBy((socket, uplink) => new ForwardingConnection(connections, socket, uplink));
  const live = new LiveSessions({ store, rooms, placement, calls: ground.calls, clock, rules });
  live.serve();
  const takeOverDeps = { store: bare, rooms, placement, departures, calls, clock, tallies, rules };
  new TakeOvers({ ...takeOverDeps, opening }).serve();
  const handOvers = new HandOvers({ store: bare, rooms, placement, calls, clock, crypto, log, tallies });
  handOvers.serve();
  const sessionDrain = new SessionDrain({ rooms, placement, handOvers, clock });
  const { openSockets } = ground;
  const nodesKnownWithinMs = config.redisUrl === null ? 0 : NODES_KNOWN_WITHIN_MS;
  const presence = new UserPresence({ membersByUser, openSockets, placement, calls, clock, nodesKnownWithinMs });
  presence.serve();
  const { userSessions } = ground.store;
  const relayDoorway = new RelayDoorway({
    store,
    rooms,
    placement,
    credentials,
    userSessions,
    watches,
    admissions,
    farAdmissions,
    satellites: satellites.satellites,
    calls: ground.calls,
    crypto,
    question: composeJoinQuestion(ground),
    tallies,
  });
  relayDoorway.serve();
  const upkeep = new Upkeep({ store, rooms, homeCheck, clock, log, tallies });
  const origins = originRule(config);
  const tokens = ground.tokens.session;
  const door = composeDoor({ ...ground, placement, tokens, watches, origins, relayDoorway, connections });
  return {
    rooms,
    sessions,
    authorizations,
    credentials,
    live,
    presence,
    gatekeeper: door.gatekeeper,
    departures,
    sessionDrain,
    store,
    services: [
      { name: 'upkeep', start: () => upkeep.start(), stop: () => upkeep.stop() },
      { name: 'home_check', start: () => homeCheck.start(), stop: () => homeCheck.stop() },
      { name: 'room_ledger', start: () => ledger.start(), stop: () => ledger.stop() },
      { name: 'orphans', start: () => orphans.start(), stop: () => orphans.stop() },
      { name: 'heartbeats', start: () => heartbeats.start(), stop: () => heartbeats.stop() },
      ...door.services,
    ],
  };
}

/** The pages that may connect. */
export function originRule({ allowedOrigins, publicUrl, environment }: Config): OriginRule {
  return {
    allowed: typeof allowedOrigins === 'string' ? allowedOrigins : new Set(allowedOrigins),
    own: publicUrl === null ? null : new URL(publicUrl).origin,
    loopback: environment === 'development',
  };
}
