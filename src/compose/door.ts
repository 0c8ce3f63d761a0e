/** Composes how sockets come in: the door, session sockets, and the count of sockets per user. */
import type { Config } from '../config/schema.js';
import type { ConnectionDeps } from '../sockets/base-connection.js';
import { Door } from '../sockets/door.js';
import { FailedHandshakes } from '../sockets/failed-handshakes.js';
import type { OriginRule } from '../sockets/origin.js';
import { UserSockets } from '../sockets/user-sockets.js';
import { SessionDoorway } from '../identity/session-doorway.js';
import { SessionSockets } from '../identity/session-socket.js';
import type { Clock } from '../ports/clock.js';
import type { Gatekeeper } from '../ports/connect.js';
import type { Crypto } from '../ports/crypto.js';
import type { Doorway } from '../ports/doorway.js';
import type { Log } from '../ports/log.js';
import type { Metrics } from '../ports/metrics.js';
import type { NodeCalls } from '../ports/node-calls.js';
import type { Placement } from '../ports/placement.js';
import type { SessionTokens } from '../ports/session-tokens.js';
import type { Store } from '../ports/store.js';
import type { UserSessionWatches } from '../ports/user-session-watches.js';
import type { Composed } from './service.js';

export interface DoorGround {
  readonly config: Config;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly placement: Placement;
  readonly calls: NodeCalls;
  readonly tokens: SessionTokens;
  readonly watches: UserSessionWatches;
  readonly origins: OriginRule;
  readonly relayDoorway: Doorway;
  /** Shared by every connection. */
  readonly connections: ConnectionDeps;
}

export interface ComposedDoor extends Composed {
  readonly gatekeeper: Gatekeeper;
}

export function composeDoor(ground: DoorGround): ComposedDoor {
  const { config, clock, crypto, log, metrics, store, placement, tokens, watches, origins, relayDoorway } = ground;
  const userSockets = new UserSockets({
    store: store.userSockets,
    clock,
    crypto,
    log,
    self: placement.self,
    calls: ground.calls,
    limit: { max: config.maxSocketsPerUser, whenFull: config.socketsPerUserFull },
  });
  const sockets = new SessionSockets({
    ...ground.connections,
    node: placement.self,
    maxBufferedBytes: config.maxBackpressureBytes,
  });
  const sessionDoorway = new SessionDoorway({ tokens, userSessions: store.userSessions, watches, sockets });
  metrics.gauge('control_connections', 'Open WebSockets of user sessions.', () => sockets.size);
  userSockets.serve();
  return {
    gatekeeper: new Door({
      doorways: [relayDoorway, sessionDoorway],
      userSockets,
      placement,
      log,
      metrics,
      origins,
      failedHandshakes: new FailedHandshakes(config.failedHandshakesPerS, clock),
    }),
    services: [{ name: 'user_sockets', start: () => userSockets.start(), stop: () => userSockets.stop() }],
  };
}
