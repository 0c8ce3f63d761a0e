/**
 * How a node stops. The drain starts last and so stops first: while it drains, everything else still runs.
 *
 * 1. Membership says that the node is draining: no node places a session here, and no handshake is accepted.
 * 2. The server stops listening.
 * 3. Departures stop: the members of lost sockets keep their seats for the next home.
 * 4. Every socket is told and closed, spread over time. Meanwhile running requests are answered.
 * 5. The server closes what is still open.
 */
import type { UwsServer } from '../adapters/uws/server.js';
import type { Membership } from '../cluster/membership.js';
import type { Config } from '../config/schema.js';
import type { Clock } from '../ports/clock.js';
import { encodeControl } from '../protocol/server-control.js';
import type { Departures } from '../relay/home/departures.js';
import { once } from './once.js';
import { pause } from './pause.js';
import { STOP_WAIT_MS, type Service } from './service.js';

/** How long a stop waits for requests that are being answered, in milliseconds. */
const REQUESTS_WAIT_MS = 5000;
/** Each socket adds this many milliseconds to the window: a thousand sockets leave in a second. */
const CLOSE_SPREAD_MS = 1;

export interface DrainDeps {
  readonly config: Pick<Config, 'drainTimeoutMs'>;
  readonly clock: Clock;
  readonly membership: Pick<Membership, 'drain'>;
  readonly departures: Pick<Departures, 'stop'>;
  readonly server: Pick<UwsServer, 'connections' | 'stopListening' | 'closeSpread' | 'requestsAnswered' | 'close'>;
}

/** Its stop takes at most `drainTimeoutMs` plus a heartbeat, or the wait for requests if that is longer. */
export function drainService(deps: DrainDeps): Service {
  return {
    name: 'drain',
    start: () => undefined,
    stop: once(() => drain(deps)),
    stopWaitMs: Math.max(deps.config.drainTimeoutMs, REQUESTS_WAIT_MS) + STOP_WAIT_MS,
  };
}

async function drain({ config, clock, membership, departures, server }: DrainDeps): Promise<void> {
  const announced = membership.drain();
  server.stopListening();
  await announced;
  departures.stop();
  const windowMs = Math.min(config.drainTimeoutMs, server.connections * CLOSE_SPREAD_MS);
  await Promise.all([
    server.closeSpread('going_away', windowMs, (afterMs) =>
      encodeControl({ type: 'goaway', reason: 'shutdown', after_ms: afterMs }),
    ),
    Promise.race([server.requestsAnswered(), pause(clock, REQUESTS_WAIT_MS)]),
  ]);
  server.close();
}
