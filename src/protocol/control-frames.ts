/**
 * Every control frame: its name, its direction, its members and its meaning. The server's parser, the SDK's checks, the
 * types of both and the tables of docs/PROTOCOL.md come from here; the comments below are the tables' texts.
 *
 * A control frame is text: one JSON object with `type` first. A shape of a client's frame bounds what the server takes.
 * A shape of a server's frame says only what the SDK relies on.
 */
import type { Brand } from '../lib/brand.js';
import {
  boolean,
  either,
  integer,
  json,
  listOf,
  named,
  number,
  object,
  oneOf,
  optional,
  orNull,
  text,
  textUpTo,
  type Members,
  type ObjectOf,
  type Shape,
} from '../lib/shape.js';
import { MAX_MEMBER_INDEX } from './ids.js';
import { PROTOCOL_VERSION } from './wire.js';

/** Why a member left for good. */
export type LeftReason = 'left' | 'kicked' | 'revoked' | 'timeout' | 'ended';
/** A reason of a newer server. */
type UnlistedReason = Brand<string, 'UnlistedReason'>;

const time = named('Unix milliseconds', number);
const duration = named('milliseconds', number);
const memberIndex = named('member index', number);
const role = oneOf('host', 'client');

const leftReason: Shape<LeftReason | UnlistedReason> = {
  label: '`left`, `kicked`, `revoked`, `timeout` or `ended`; a newer server may send others',
  is: (value): value is LeftReason | UnlistedReason => text.is(value),
};

/** A member as the others see it. */
export const member = object({
  /** Names the member in relay frames and control frames. */
  index: memberIndex,
  user_id: text,
  role,
  /** False while its socket is lost and its seat is kept. */
  connected: boolean,
  /** The presence state that the member set last; null before the first. */
  state: json,
});

/** A relay session. */
export const session = object({
  id: text,
  /** The metadata that the backend gave the session. */
  metadata: json,
  /** The most seats that may be held. */
  max_users: number,
  expires_at: time,
  /** While true, nobody new may join. */
  locked: boolean,
});

/** The member that is host. */
export const host = object({
  /** Null while there is no host. */
  index: orNull(memberIndex),
  /** Rises with each change of the host. */
  term: number,
});

/** The limits of a connection. 0 means no limit. */
export const limits = object({
  /** The largest payload, and the longest text frame. */
  max_message_bytes: number,
  messages_per_s: number,
  bytes_per_s: number,
});

/** A user session. */
export const userSession = object({
  id: text,
  user_id: text,
  /** `active`, or how it ended: `ended`, `expired`, `abandoned`, `removed`, `replaced` or `revoked`. */
  status: text,
  last_active_at: time,
  last_active_organization_id: orNull(text),
  /** When the session ends, however active it is. */
  expire_at: time,
  /** When the session ends without further activity. */
  abandon_at: time,
});

/** The welcome of a session socket, which has no relay and nothing to resume. */
export const CONTROL_WELCOME = {
  protocol: oneOf(PROTOCOL_VERSION),
  you: object({ user_id: text, session_id: text }),
  limits,
  /** The client should send something at least this often; answers to WebSocket pings count. */
  heartbeat_ms: duration,
  /** The node that holds the connection. */
  node: text,
};

/** Server to client. */
export const SERVER_FRAMES = {
  /** The first frame of every connection. */
  welcome: {
    protocol: oneOf(PROTOCOL_VERSION),
    session,
    you: object({ index: memberIndex, user_id: text, role }),
    /** Every member, you included. */
    members: listOf(member),
    host,
    /** Names the numbering of reliable entries. Another epoch starts again from 1. */
    epoch: text,
    /** The number of the newest reliable entry before the live ones of this connection; 0 when there is none. */
    seq: number,
    /** Whether every missed reliable entry follows. False on a first join, and when entries are lost. */
    recovered: boolean,
    resume: object({
      /** The credential that brings the same member back. */
      token: text,
      /** How long a lost socket keeps its seat. */
      window_ms: duration,
    }),
    limits,
    /** The client should send something at least this often; answers to WebSocket pings count. */
    heartbeat_ms: duration,
    /** The node that holds the connection. */
    node: text,
  },
  /** A member joined. */
  'member.joined': { member },
  /** The member's socket was lost. Its seat is kept for the resume window. */
  'member.away': { index: memberIndex },
  /** The member is back on a new socket. */
  'member.back': { index: memberIndex },
  /** The member left for good. A kicked member gets it too, before its connection is closed. */
  'member.left': {
    index: memberIndex,
    /** The reason that the host gave for a kick. */
    detail: optional(text),
    reason: leftReason,
  },
  /** The member set its presence state. */
  'member.state': { index: memberIndex, state: json },
  /** The host changed. */
  host: host.members,
  /** The session's settings changed. */
  'session.updated': { session },
  /** The session's home accepted the frame with this ref. */
  ack: {
    ref: number,
    /** The frame's number; 0 unless it was reliable. */
    seq: number,
  },
  /** These reliable entries will not reach you. */
  gap: {
    from: number,
    to: number,
    /** `replay_window` or `epoch_changed`. */
    reason: text,
  },
  /** Reconnect with the resume token after this delay. */
  goaway: {
    reason: text,
    after_ms: duration,
    /** The URL to reconnect to; without it, the URL of your first connection. */
    url: optional(text),
  },
  /** A frame or request was refused. The connection lives. */
  error: {
    /** A code of [ERRORS.md](ERRORS.md). */
    code: text,
    message: text,
    /** The ref of the refused frame, if the gateway could read one. */
    ref: optional(number),
  },
  /** The answer to `ping`. */
  pong: {
    /** The `t` of the ping; null when it had none. */
    t: json,
  },
  /** The user session was active, or its organization changed. */
  'user_session.touched': { session: userSession },
  /** The user session ended, expired, was abandoned or was replaced: see its `status`. Close code 4007 follows. */
  'user_session.ended': { session: userSession },
  /** The user session was removed. Close code 4007 follows. */
  'user_session.removed': { session: userSession },
  /** The user session was revoked. Close code 4002 follows. */
  'user_session.revoked': { session: userSession },
};

/** Repeated by the `error` that refuses the frame. */
export const controlRef = integer(0, 0xffff_ffff);

/** A target's index as the server takes it. */
const targetIndex = integer(0, MAX_MEMBER_INDEX);

/** Client to server. */
export const CLIENT_FRAMES = {
  /** Answered by `pong`. */
  ping: {
    /** Comes back with the text that you sent; a number has at most 64 characters. */
    t: optional(orNull(either(number, textUpTo(64)))),
  },
  /** Sets your presence state. The others get `member.state` with the text of the state exactly as you sent it. */
  state: {
    /** At most 2 KiB as you send it, white space and escapes included. */
    state: json,
    ref: optional(controlRef),
  },
  /** Gives your seat back. The connection is closed with code 1000. */
  leave: {},
  /** Host only: removes a member, whose connection is closed with code 4001. */
  kick: {
    index: targetIndex,
    /** Everybody gets it as `detail` in `member.left`. */
    reason: optional(textUpTo(200)),
    ref: optional(controlRef),
  },
  /** Host only: makes another member host. */
  host: { index: targetIndex, ref: optional(controlRef) },
  /** Host only: while the session is locked, nobody new may join. */
  lock: { locked: boolean, ref: optional(controlRef) },
};

export type FrameOf<Type, M extends Members> = ObjectOf<{ readonly type: Shape<Type> } & M>;
export type ServerFrameType = keyof typeof SERVER_FRAMES;
export type ClientFrameType = keyof typeof CLIENT_FRAMES;
type ServerFrames = { readonly [T in ServerFrameType]: FrameOf<T, (typeof SERVER_FRAMES)[T]> };
type ClientFrames = { readonly [T in ClientFrameType]: FrameOf<T, (typeof CLIENT_FRAMES)[T]> };
/** A server's frame by its type. */
export type ServerFrame<T extends ServerFrameType = ServerFrameType> = ServerFrames[T];
/** A client's frame by its type, as the client sends it. */
export type ClientFrame<T extends ClientFrameType = ClientFrameType> = ClientFrames[T];
