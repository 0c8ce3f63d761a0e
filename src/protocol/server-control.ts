/** Control frames, server to client: text, one JSON object, `type` first. Times are Unix milliseconds. */
import type { PROTOCOL_VERSION } from './wire.js';

export type Role = 'host' | 'client';
export type LeftReason = 'left' | 'kicked' | 'revoked' | 'timeout' | 'replaced' | 'ended';
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface MemberView {
  readonly index: number;
  readonly user_id: string;
  readonly role: Role;
  readonly connected: boolean;
  /** The presence state the member set last; null before the first. */
  readonly state: Json;
}

export interface SessionView {
  readonly id: string;
  readonly metadata: Json;
  readonly max_users: number;
  readonly expires_at: number;
  readonly locked: boolean;
}

export interface HostView {
  /** null while no member has joined. */
  readonly index: number | null;
  readonly term: number;
}

export interface Welcome {
  readonly type: 'welcome';
  readonly protocol: typeof PROTOCOL_VERSION;
  readonly session: SessionView;
  readonly you: { readonly index: number; readonly user_id: string; readonly role: Role };
  readonly members: readonly MemberView[];
  readonly host: HostView;
  /** Names the numbering of reliable entries; another epoch starts again from 1. */
  readonly epoch: string;
  /** The sequence of the newest reliable entry before this connection's live ones; 0 when there was none. */
  readonly seq: number;
  /** Whether everything missed is (being) replayed. False on a first join and when entries are lost. */
  readonly recovered: boolean;
  readonly resume: { readonly token: string; readonly window_ms: number };
  /** 0 means no limit. */
  readonly limits: {
    readonly max_message_bytes: number;
    readonly messages_per_s: number;
    readonly bytes_per_s: number;
  };
  /** How often a client should be heard from at least; the server pings on its own as well. */
  readonly heartbeat_ms: number;
  readonly node: string;
}

/** The welcome of a control connection: pushes about one user session, no relay. */
export interface ControlWelcome {
  readonly type: 'welcome';
  readonly protocol: typeof PROTOCOL_VERSION;
  readonly you: { readonly user_id: string; readonly session_id: string };
  readonly limits: Welcome['limits'];
  readonly heartbeat_ms: number;
  readonly node: string;
}

export interface UserSessionView {
  readonly id: string;
  readonly user_id: string;
  readonly status: string;
  readonly last_active_at: number;
  readonly last_active_organization_id: string | null;
  readonly expire_at: number;
  readonly abandon_at: number;
}

/** What became of a user session: for its control connections, and the relay sockets bound to it. */
export type UserSessionPush =
  | { readonly type: 'user_session.touched'; readonly session: UserSessionView }
  | { readonly type: 'user_session.ended'; readonly session: UserSessionView }
  | { readonly type: 'user_session.removed'; readonly session: UserSessionView }
  | { readonly type: 'user_session.revoked'; readonly session: UserSessionView };

/** What a relay socket gets; pushes only one that is bound to a user session. */
export type ServerControl =
  | Welcome
  | { readonly type: 'member.joined'; readonly member: MemberView }
  | { readonly type: 'member.away'; readonly index: number }
  | { readonly type: 'member.back'; readonly index: number }
  | { readonly type: 'member.left'; readonly index: number; readonly reason: LeftReason }
  | { readonly type: 'member.state'; readonly index: number; readonly state: Json }
  | { readonly type: 'host'; readonly index: number | null; readonly term: number }
  | { readonly type: 'session.updated'; readonly session: SessionView }
  | { readonly type: 'ack'; readonly ref: number; readonly seq: number }
  | { readonly type: 'gap'; readonly from: number; readonly to: number; readonly reason: string }
  | { readonly type: 'goaway'; readonly reason: string; readonly after_ms: number; readonly url?: string }
  | { readonly type: 'error'; readonly code: string; readonly message: string; readonly ref?: number }
  | { readonly type: 'pong'; readonly t: Json }
  | UserSessionPush;

/** Those without a presence state; presence.ts encodes the others. */
export type StatelessControl = Exclude<ServerControl, { readonly type: 'welcome' | 'member.joined' | 'member.state' }>;

export function encodeControl(frame: StatelessControl | ControlWelcome): string {
  return JSON.stringify(frame);
}
