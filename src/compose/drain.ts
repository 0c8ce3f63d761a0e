/**
 * How a node gives up its work, before a stop or when an operator says so. While it drains, everything else still runs.
 *
 * 1. Membership says that the node is draining: no node places a session here, and no handshake is accepted.
 * 2. Every session goes to another node with its replay window, and its sockets after it, spread over time.
 * 3. The other sockets are told and closed, spread over time: those of user sessions, and of sessions that no node took.
 *
 * The service of the drain starts last and so stops first. Its stop also closes the listening socket at once, lets
 * running requests finish, and closes the rest at the end.
 */
import type { UwsServer } from '../adapters/uws/server.js';
import type { Membership } from '../cluster/membership.js';
import type { DrainProgress, LocalDrain } from '../cluster/node-drains.js';
import type { Config } from '../config/schema.js';
import type { Clock } from '../ports/clock.js';
import type { Log } from '../ports/log.js';
import { encodeControl } from '../protocol/server-control.js';
import type { Departures } from '../relay/home/departures.js';
import type { SessionDrain } from '../relay/home/session-drain.js';
import { once } from './once.js';
import { pause } from './pause.js';
import { STOP_WAIT_MS, type Service } from './service.js';

/** Each socket adds this many milliseconds to the window: a thousand sockets leave in a second. */
const CLOSE_SPREAD_MS = 1;
/** The part of the time that hand-overs may take; the rest is for sockets that remain. */
const HAND_OVER_SHARE = 0.8;
/**
 * How long a stop waits after its last close. A process that ends with unread bytes of a client resets the connection,
 * and the client may then miss the close frame.
 */
const LINGER_MS = 250;

export interface DrainDeps {
  readonly config: Pick<Config, 'drainTimeoutMs' | 'requestDeadlineMs'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly membership: Pick<Membership, 'drain' | 'noteDrained' | 'choose'>;
  readonly sessions: Pick<SessionDrain, 'run'>;
  readonly departures: Pick<Departures, 'stop'>;
  readonly server: Pick<UwsServer, 'connections' | 'stopListening' | 'closeSpread' | 'requestsAnswered' | 'close'>;
}

export class Drain implements LocalDrain {
  private readonly run = once(() => this.runOnce());
  private connectionsBefore = 0;
  private isOver = false;
  private isStopping = false;

  constructor(private readonly deps: DrainDeps) {}

  /** Takes at most `drainTimeoutMs` plus a heartbeat. */
  begin(): Promise<void> {
    return this.run();
  }

  progress(): DrainProgress {
    return { isOver: this.isOver, closed: Math.max(0, this.connectionsBefore - this.deps.server.connections) };
  }

  /** Drains, and closes everything. */
  async stop(): Promise<void> {
    const { clock, server, config } = this.deps;
    const hadSockets = server.connections > 0;
    this.isStopping = true;
    // Before anything is awaited: a balancer that still sends connections here sees them refused and tries another node.
    const drained = this.begin();
    server.stopListening();
    await drained;
    this.deps.departures.stop();
    await Promise.race([server.requestsAnswered(), pause(clock, config.requestDeadlineMs)]);
    if (hadSockets) await pause(clock, LINGER_MS);
    server.close();
  }

  private async runOnce(): Promise<void> {
    const { clock, log, membership, sessions, departures, server, config } = this.deps;
    const startedMs = clock.monotonicMs();
    this.connectionsBefore = server.connections;
    log.info('draining', { connections: this.connectionsBefore });
    await membership.drain();
    const windowMs = Math.min(config.drainTimeoutMs, this.connectionsBefore * CLOSE_SPREAD_MS);
    const msPerSocket = windowMs / Math.max(1, this.connectionsBefore);
    if (membership.choose([]) !== null) {
      await sessions.run(msPerSocket, startedMs + HAND_OVER_SHARE * config.drainTimeoutMs);
    }
    // No node took the sessions that remain. If the process goes on, their members leave as ever; if it ends, the next
    // home gives each a whole window.
    if (this.isStopping) departures.stop();
    const leftMs = Math.max(0, startedMs + config.drainTimeoutMs - clock.monotonicMs());
    await server.closeSpread('going_away', Math.min(leftMs, server.connections * msPerSocket), (afterMs) =>
      encodeControl({ type: 'goaway', reason: 'shutdown', after_ms: afterMs }),
    );
    this.isOver = true;
    membership.noteDrained();
    log.info('drained', { closed: this.progress().closed, took_ms: Math.round(clock.monotonicMs() - startedMs) });
  }
}

/** Its stop takes at most `drainTimeoutMs` plus a heartbeat, and the time that running requests may take. */
export function drainService(drain: Drain, { drainTimeoutMs, requestDeadlineMs }: DrainDeps['config']): Service {
  return {
    name: 'drain',
    start: () => undefined,
    stop: once(() => drain.stop()),
    stopWaitMs: drainTimeoutMs + requestDeadlineMs + STOP_WAIT_MS,
  };
}
