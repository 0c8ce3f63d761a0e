/**
 * Session sockets belong to a user session and to no relay session. They receive pushes about that user session, and
 * their clients may only ping.
 */
import type { ClientControl } from '../protocol/client-control.js';
import type { CloseName } from '../protocol/close-codes.js';
import type { NodeId, UserId, UserSessionId } from '../protocol/ids.js';
import { encodePong } from '../protocol/pong.js';
import { encodeControl, type ControlWelcome, type UserSessionPush } from '../protocol/server-control.js';
import { PROTOCOL_VERSION } from '../protocol/wire.js';
import type { LogFields } from '../ports/log.js';
import type { ClientSocket, SocketHandler } from '../ports/socket.js';
import type { Watch, Watcher } from '../ports/user-session-watches.js';
import type { ConnectionDeps } from '../sockets/base-connection.js';
import { ControlConnection } from '../sockets/control-connection.js';

export interface SessionSocketsDeps extends ConnectionDeps {
  readonly node: NodeId;
  /** Most bytes that may wait for a reader before its socket is closed. */
  readonly maxBufferedBytes: number;
}

/** Whose socket it is. */
export interface SessionUser {
  readonly userId: UserId;
  readonly sessionId: UserSessionId;
}

export class SessionSockets {
  private readonly live = new Set<SessionSocket>();

  constructor(private readonly deps: SessionSocketsDeps) {}

  get size(): number {
    return this.live.size;
  }

  /** Welcomes the socket, which from then on gets the news of the watch and closes when the user session is over. */
  open(user: SessionUser, watch: Watch, socket: ClientSocket): SocketHandler {
    const opened = new SessionSocket(this.deps, user.sessionId, socket, () => {
      watch.stop();
      this.live.delete(opened);
    });
    this.live.add(opened);
    opened.welcome(this.welcomeFor(user));
    watch.begin(opened);
    return opened;
  }

  private welcomeFor({ userId, sessionId }: SessionUser): ControlWelcome {
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

class SessionSocket extends ControlConnection implements Watcher {
  constructor(
    private readonly deps: SessionSocketsDeps,
    private readonly sessionId: UserSessionId,
    private readonly socket: ClientSocket,
    private readonly onGone: () => void,
  ) {
    super(deps);
  }

  welcome(frame: ControlWelcome): void {
    this.send(encodeControl(frame));
  }

  onTouched(push: UserSessionPush): void {
    this.send(encodeControl(push));
  }

  onOver(push: UserSessionPush | null, close: CloseName): boolean {
    if (push !== null) this.send(encodeControl(push));
    this.socket.close(close);
    return true;
  }

  protected override isCurrent(): boolean {
    return true;
  }

  /** No binary frame has a meaning here. */
  protected override handleBinary(): void {
    this.refuse('unknown_op', null);
  }

  protected override handleFrame(frame: ClientControl): void {
    if (frame.type === 'ping') this.send(encodePong(frame.t));
    else this.refuse('unknown_type', frame.ref ?? null);
  }

  protected override handleClose(): void {
    this.onGone();
  }

  /** A peer may read as slowly as it likes, up to a bound. */
  protected override send(text: string): void {
    const wasTaken = this.socket.send(text);
    if (!wasTaken && this.socket.bufferedBytes() > this.deps.maxBufferedBytes) this.socket.close('slow_consumer');
  }

  protected override ping(): void {
    this.socket.ping();
  }

  protected override close(name: CloseName): void {
    this.socket.close(name);
  }

  protected override subject(): LogFields {
    return { user_session_id: this.sessionId };
  }
}
