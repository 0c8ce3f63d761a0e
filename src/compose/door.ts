/** Composes the way in of sockets: the door, control connections, and what keeps count of sockets per user. */
import type { Config } from '../config/schema.js';
import { Door } from '../sockets/door.js';
import { FailedHandshakes } from '../sockets/failed-handshakes.js';
import type { OriginRule } from '../sockets/origin.js';
import { UserSockets } from '../sockets/user-sockets.js';
import { ControlConnections } from '../identity/session-socket.js';
import { ControlDoorway } from '../identity/session-doorway.js';
import type { Clock } from '../ports/clock.js';
import type { Gatekeeper } from '../ports/connect.js';
import type { Crypto } from '../ports/crypto.js';
import type { Doorway } from '../ports/doorway.js';
import type { Log } from '../ports/log.js';
import type { Metrics } from '../ports/metrics.js';
import type { Placement } from '../ports/placement.js';
import type { SessionTokens } from '../ports/session-tokens.js';
import type { Store } from '../ports/store.js';
import type { UserSessionWatches } from '../ports/user-session-watches.js';

export interface DoorGround {
  readonly config: Config;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly placement: Placement;
  readonly tokens: SessionTokens;
  readonly watches: UserSessionWatches;
  readonly origins: OriginRule;
  readonly relayDoorway: Doorway;
}

export interface ComposedDoor {
  readonly gatekeeper: Gatekeeper;
  start(): void;
  stop(): void;
}

export function composeDoor(ground: DoorGround): ComposedDoor {
  const { config, clock, crypto, log, metrics, store, placement, tokens, watches, origins, relayDoorway } = ground;
  const {
    maxMessageBytes,
    messagesPerS,
    bytesPerS,
    workMsPerS,
    heartbeatMs,
    heartbeatTimeoutMs,
    maxBackpressureBytes,
  } = config;
  const userSockets = new UserSockets({
    ...{ store: store.userSockets, clock, crypto, log, self: placement.self },
    limit: { max: config.maxSocketsPerUser, whenFull: config.socketsPerUserFull },
  });
  const connections = new ControlConnections({
    ...{ clock, metrics, log, node: placement.self },
    limits: {
      ...{ maxMessageBytes, messagesPerS, bytesPerS, workMsPerS, heartbeatMs, heartbeatTimeoutMs },
      maxBufferedBytes: maxBackpressureBytes,
    },
  });
  const controlDoorway = new ControlDoorway({ tokens, userSessions: store.userSessions, watches, connections });
  metrics.gauge('control_connections', 'Open WebSockets of user sessions.', () => connections.size);
  return {
    gatekeeper: new Door({
      ...{ doorways: [relayDoorway, controlDoorway], userSockets, placement, log, metrics, origins },
      failedHandshakes: new FailedHandshakes(config.failedHandshakesPerS, clock),
    }),
    start: () => {
      connections.start();
      userSockets.start();
    },
    stop: () => {
      connections.stop();
      userSockets.stop();
    },
  };
}
