/**
 * The events of a client, and the frames that cause them. The client's views (members, session) are up to date when a
 * listener runs.
 */
import type { CloseAdvice } from '../protocol/close-codes.js';
import type { ServerFrame, ServerFrameType } from '../protocol/control-frames.js';
import type { DeliveryClassName } from '../protocol/wire.js';
import type { Acks } from './acks.js';
import type { RelayErrorCode } from './relay-error.js';
import type { Gap, SequenceTracker } from './sequence.js';
import {
  userSessionOf,
  type Host,
  type Member,
  type Session,
  type SessionView,
  type UserSession,
} from './session-view.js';

/** One relayed message. */
export interface Message {
  /** The member that sent it: 65535 when `fromBackend`. */
  readonly sender: number;
  readonly fromBackend: boolean;
  readonly class: DeliveryClassName;
  /** Class latest only: which of the sender's values this is. */
  readonly key: number | null;
  /** Class reliable only: its number in the session. Numbers rise within an epoch, and none comes twice. */
  readonly seq: number | null;
  /** Sent to you (and maybe some others) rather than to everybody. */
  readonly targeted: boolean;
  readonly payload: Uint8Array;
  /** Decodes the payload as UTF-8. */
  readonly text: () => string;
}

export interface OpenInfo {
  /** The same member came back, with its index and role; false when this is a join. */
  readonly resumed: boolean;
  /** Every reliable message that was missed follows. False on a join, and when some are lost: see `gap`. */
  readonly recovered: boolean;
}

export interface Disconnected {
  /** The close code; 1006 when the link was lost or never opened. */
  readonly code: number;
  /** The close reason, or the error code of a refused handshake. */
  readonly reason: RelayErrorCode;
  /**
   * The error of your `credential` or `url` function, when the reason is `credential_failed` or `url_failed`. With
   * `join_refused`: the reason that your backend gave, a text.
   */
  readonly cause?: unknown;
  /** When the next attempt begins, in whole milliseconds; null: never, and `closed` follows. */
  readonly willReconnectInMs: number | null;
}

/** How the client ended. */
export interface Closed {
  readonly code: number;
  /** The close reason, the error code of a refused handshake, or `closed` after `stop`. */
  readonly reason: RelayErrorCode;
  /**
   * The error that your `credential` or `url` function threw in the last attempt. With `join_refused`: the reason that your
   * backend gave, a text.
   */
  readonly cause?: unknown;
  /**
   * `done`: you left or stopped. `never`: the gateway will not accept this credential again. `back_off`: the client did
   * not reach the gateway within `firstConnectTimeoutMs` or `reconnect.maxElapsedMs`; a new client may succeed later.
   */
  readonly advice: CloseAdvice;
}

export interface ClientEvents {
  /** A connection is ready: after each join and each resume. Look at `members` anew. */
  open: OpenInfo;
  message: Message;
  memberJoined: Member;
  /** The member's socket was lost; the member may come back. */
  memberAway: Member;
  memberBack: Member;
  /**
   * You also get it about yourself when you are kicked; then `closed` follows. `detail`: the host's reason, or null.
   */
  memberLeft: { readonly member: Member; readonly reason: string; readonly detail: string | null };
  /** Another member set its presence state. */
  memberState: Member;
  host: Host;
  sessionUpdated: Session;
  /** The user session you are bound to was touched, or is over; then `closed` follows. */
  userSession: UserSession;
  gap: Gap;
  /** The gateway asks the client to reconnect after `afterMs`; the client does so by itself. */
  goaway: { readonly reason: string; readonly afterMs: number };
  /**
   * The gateway refused a frame that nobody waits for with `ack`, or a call such as `kick`. `ref`: what that call
   * returned; null when the gateway names no frame.
   */
  error: { readonly code: RelayErrorCode; readonly message: string; readonly ref: number | null };
  /** Reliable frames sent without `ack` were given up before they were on the wire. */
  undelivered: { readonly code: RelayErrorCode; readonly count: number };
  /** A connection was lost, or could not be made. */
  disconnected: Disconnected;
  /** The last event, emitted once. */
  closed: Closed;
}

export type Emit = <E extends keyof ClientEvents>(event: E, payload: ClientEvents[E]) => void;

/** The parts of the client that a frame can change. */
export interface FrameContext {
  readonly view: SessionView;
  readonly sequence: SequenceTracker;
  readonly acks: Acks;
  readonly emit: Emit;
  readonly onGoaway: (afterMs: number, url: string | undefined) => void;
}

/** Frames that the connection does not keep for itself. */
export type RoutedType = Exclude<ServerFrameType, 'welcome' | 'pong'>;
export type RoutedFrame = ServerFrame<RoutedType>;
type Handler<T extends RoutedType> = (frame: ServerFrame<T>, context: FrameContext) => void;

/** Brings the view up to date, settles acks, and tells the listeners. */
export function handleFrame<T extends RoutedType>(type: T, frame: ServerFrame<T>, context: FrameContext): void {
  const handle: Handler<T> = HANDLERS[type];
  handle(frame, context);
}

const onUserSession: Handler<RoutedType & `user_session.${string}`> = (frame, { emit }) => {
  emit('userSession', userSessionOf(frame));
};

const HANDLERS: { readonly [T in RoutedType]: Handler<T> } = {
  'member.joined': ({ member }, { view, emit }) => {
    emit('memberJoined', view.join(member));
  },
  'member.away': ({ index }, { view, emit }) => {
    const member = view.change(index, { connected: false });
    if (member !== null) emit('memberAway', member);
  },
  'member.back': ({ index }, { view, emit }) => {
    const member = view.change(index, { connected: true });
    if (member !== null) emit('memberBack', member);
  },
  'member.state': ({ index, state }, { view, emit }) => {
    const member = view.change(index, { state });
    if (member !== null) emit('memberState', member);
  },
  'member.left': ({ index, detail, reason }, { view, emit }) => {
    const member = view.leave(index);
    if (member !== null) emit('memberLeft', { member, reason, detail: detail ?? null });
  },
  host: (frame, { view, emit }) => {
    emit('host', view.moveHost(frame));
  },
  'session.updated': ({ session }, { view, emit }) => {
    emit('sessionUpdated', view.update(session));
  },
  ack: ({ ref, seq }, { acks }) => {
    acks.accepted(ref, seq);
  },
  gap: ({ from, to, reason }, { sequence, emit }) => {
    const gap = sequence.skip(from, to, reason);
    if (gap !== null) emit('gap', gap);
  },
  goaway: ({ reason, after_ms: afterMs, url }, { onGoaway, emit }) => {
    onGoaway(afterMs, url);
    emit('goaway', { reason, afterMs });
  },
  error: ({ ref = null, code, message }, { acks, emit }) => {
    const isAwaited = ref !== null && acks.refused(ref, code, message);
    if (!isAwaited) emit('error', { code, message, ref });
  },
  'user_session.touched': onUserSession,
  'user_session.ended': onUserSession,
  'user_session.removed': onUserSession,
  'user_session.revoked': onUserSession,
};
