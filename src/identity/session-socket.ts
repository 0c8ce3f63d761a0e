/**
 * Control connections: sockets that belong to a user session and to no relay. They hear of that session, and may only
 * ping; limits and deadlines are those of every connection.
 */
import { parseClientControl } from '../protocol/client-control.js';
import type { CloseName } from '../protocol/close-codes.js';
import { Conduct, type ConductLimits } from '../sockets/conduct.js';
import { ERRORS, type ErrorCode } from '../protocol/errors.js';
import type { NodeId, UserId, UserSessionId } from '../protocol/ids.js';
import { encodeControl, type ControlWelcome, type UserSessionPush } from '../protocol/server-control.js';
import { PROTOCOL_VERSION } from '../protocol/wire.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Log } from '../ports/log.js';
import type { Metrics } from '../ports/metrics.js';
import type { ClientSocket, SocketHandler } from '../ports/socket.js';
import type { Watch, Watcher } from '../ports/user-session-watches.js';

export interface ControlConnectionsDeps {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly node: NodeId;
  readonly limits: ConductLimits & {
    readonly maxMessageBytes: number;
    /** What may wait for a reader before its socket is closed. */
    readonly maxBufferedBytes: number;
  };
}

/** Whose connection it is. */
export interface ControlUser {
  readonly userId: UserId;
  readonly sessionId: UserSessionId;
}

const CHECK_EVERY_MS = 1000;

export class ControlConnections {
  private readonly live = new Set<ControlConnection>();
  private timer: Timer | null = null;

  constructor(private readonly deps: ControlConnectionsDeps) {}

  get size(): number {
    return this.live.size;
  }

  /** Welcomes the socket; from then on it hears what the watch hears, and closes when the session is over. */
  open(user: ControlUser, watch: Watch, socket: ClientSocket): SocketHandler {
    const connection = new ControlConnection(this.deps, user.sessionId, socket, () => {
      watch.stop();
      this.live.delete(connection);
    });
    this.live.add(connection);
    connection.send(this.welcome(user));
    watch.begin(connection);
    return connection;
  }

  /** Once a second who is silent is pinged, then closed. */
  start(): void {
    this.timer = this.deps.clock.after(CHECK_EVERY_MS, () => {
      const nowMs = this.deps.clock.monotonicMs();
      for (const connection of this.live) connection.checkSilence(nowMs);
      this.start();
    });
  }

  stop(): void {
    this.timer?.cancel();
  }

  private welcome({ userId, sessionId }: ControlUser): ControlWelcome {
    const { limits, node } = this.deps;
    const { maxMessageBytes, messagesPerS, bytesPerS, heartbeatMs } = limits;
    return {
      type: 'welcome',
      protocol: PROTOCOL_VERSION,
      you: { user_id: userId, session_id: sessionId },
      limits: { max_message_bytes: maxMessageBytes, messages_per_s: messagesPerS, bytes_per_s: bytesPerS },
      heartbeat_ms: heartbeatMs,
      node,
    };
  }
}

class ControlConnection implements SocketHandler, Watcher {
  private readonly conduct: Conduct;

  constructor(
    private readonly deps: ControlConnectionsDeps,
    private readonly sessionId: UserSessionId,
    private readonly socket: ClientSocket,
    private readonly onGone: () => void,
  ) {
    this.conduct = new Conduct(deps.limits, deps.clock.monotonicMs());
  }

  /** The peer's reading is its own affair, up to a bound. */
  send(frame: Parameters<typeof encodeControl>[0]): void {
    const wasTaken = this.socket.send(encodeControl(frame));
    if (!wasTaken && this.socket.bufferedBytes() > this.deps.limits.maxBufferedBytes) {
      this.socket.close('slow_consumer');
    }
  }

  onTouched(push: UserSessionPush): void {
    this.send(push);
  }

  onOver(push: UserSessionPush, close: CloseName): boolean {
    this.send(push);
    this.socket.close(close);
    return true;
  }

  onText(bytes: Uint8Array): void {
    this.count(bytes.length);
    this.serve(bytes.length, () => {
      this.handleControl(bytes);
    });
  }

  /** No binary frame has a meaning here. */
  onBinary(bytes: Uint8Array): void {
    this.count(bytes.length);
    this.serve(bytes.length, () => {
      this.refuse('unknown_op');
    });
  }

  /** Pings and pongs count like frames: each costs an answer or at least a read. */
  onAlive(): void {
    this.serve(0, () => undefined);
  }

  onDrain(): void {
    // Nothing waits here: what is sent is the engine's.
  }

  onClose(): void {
    this.onGone();
  }

  checkSilence(nowMs: number): void {
    const due = this.conduct.dueFor(nowMs);
    if (due === 'close') this.socket.close('heartbeat_timeout');
    else if (due === 'ping') this.socket.ping();
  }

  private count(size: number): void {
    const { tallies } = this.deps.metrics;
    tallies.framesIn += 1;
    tallies.bytesIn += size;
  }

  /** Handles a frame within its limits, and charges what it took. */
  private serve(size: number, handle: () => void): void {
    const { clock, metrics, log } = this.deps;
    const startMs = clock.monotonicMs();
    if (!this.conduct.isWithinRate(size, startMs)) {
      this.refuse('rate_limited');
      return;
    }
    handle();
    if (!this.conduct.charge(clock.monotonicMs() - startMs)) return;
    metrics.tallies.overWork += 1;
    log.warn('connection_over_work', { user_session_id: this.sessionId });
  }

  private handleControl(bytes: Uint8Array): void {
    if (bytes.length > this.deps.limits.maxMessageBytes) {
      this.refuse('message_too_big');
      return;
    }
    const frame = parseClientControl(bytes);
    if ('fault' in frame) this.refuse(frame.fault);
    else if (frame.type === 'ping') this.send({ type: 'pong', t: frame.t });
    else this.refuse('unknown_type');
  }

  private refuse(code: ErrorCode): void {
    const { metrics } = this.deps;
    metrics.tallies.framesRefused += 1;
    metrics.refused(code);
    if (code === 'rate_limited') metrics.tallies.rateLimited += 1;
    this.send({ type: 'error', code, message: ERRORS[code].message });
    const close = this.conduct.closeFor(code);
    if (close !== null) this.socket.close(close);
  }
}
