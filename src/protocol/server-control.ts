/** The types of the control frames that the server sends, and their text. */
import { writeExactJson } from '../lib/exact-json.js';
import type { Shaped } from '../lib/shape.js';
import type { CONTROL_WELCOME, FrameOf, host, member, ServerFrame, session, userSession } from './control-frames.js';

export type { LeftReason } from './control-frames.js';

export type MemberView = Shaped<typeof member>;
export type Role = MemberView['role'];
export type SessionView = Shaped<typeof session>;
export type HostView = Shaped<typeof host>;
export type UserSessionView = Shaped<typeof userSession>;
export type Welcome = ServerFrame<'welcome'>;
/** The welcome of a session socket. */
export type ControlWelcome = FrameOf<'welcome', typeof CONTROL_WELCOME>;

/** Every frame that a relay socket gets. Only a socket that is bound to a user session gets `UserSessionPush`. */
export type ServerControl = ServerFrame;

/** Reports a change of a user session to its session sockets and to the relay sockets bound to it. */
export type UserSessionPush = Extract<ServerControl, { readonly type: `user_session.${string}` }>;

/** The frames without text of a client; presence.ts and pong.ts encode the others. */
export type StatelessControl = Exclude<
  ServerControl,
  { readonly type: 'welcome' | 'member.joined' | 'member.state' | 'pong' }
>;

export function encodeControl(frame: StatelessControl | ControlWelcome): string {
  return frame.type === 'session.updated' ? writeExactJson(frame) : JSON.stringify(frame);
}
