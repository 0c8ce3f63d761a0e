/** The events that a gateway sends to webhook endpoints, and the other bodies that it signs. Times are Unix milliseconds. */

/** One type of event. A type that is not listed here comes from a newer gateway: treat it as one to ignore. */
interface EventOf<T extends string, Data> {
  /** The same however often the event is sent: drop what you have seen. */
  readonly id: string;
  readonly type: T;
  /** Counts the events of the relay session from 1, without gaps; null for events of no relay session. */
  readonly sequence: number | null;
  readonly created_at: number;
  /** The relay session; absent for events of no relay session. */
  readonly session_id?: string;
  readonly data: Data;
}

export interface SessionData {
  readonly project_id: string;
  readonly status: 'Initializing' | 'Linked' | 'Error';
  readonly ready: boolean;
  readonly error: string | null;
  /** As your backend gave it. */
  readonly metadata: unknown;
  readonly max_users: number;
  readonly user_count: number;
  readonly member_count: number;
  readonly locked: boolean;
  readonly created_at: number;
  readonly expires_at: number;
  /** The id of the node that carries the session. */
  readonly home: string | null;
}

export interface UserData {
  readonly user_id: string;
}

export interface MemberData extends UserData {
  readonly index: number;
}

export interface UserSessionData {
  readonly id: string;
  readonly user_id: string;
  readonly client_id: string | null;
  readonly kind: 'client' | 'login';
  readonly status: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly last_active_at: number;
  readonly expire_at: number;
  readonly abandon_at: number;
  readonly last_active_organization_id: string | null;
  readonly effective_user_id: string;
  readonly actor_id: string | null;
  readonly ip_address: string | null;
}

/** By type: what an event says. */
export interface WebhookDataOf {
  readonly 'session.ready': SessionData;
  readonly 'session.failed': SessionData;
  readonly 'session.updated': SessionData;
  readonly 'session.ended': SessionData & { readonly why: 'ended' | 'expired' };
  readonly 'member.joined': MemberData & { readonly user_session_id: string | null };
  readonly 'member.back': MemberData & { readonly user_session_id: string | null };
  readonly 'member.away': MemberData & { readonly why: 'socket_lost' | 'home_lost' };
  /** `why`: left, timeout, kicked, banned, revoked, ended, or a reason of a newer gateway. */
  readonly 'member.left': MemberData & { readonly why: string };
  readonly 'host.changed': { readonly index: number | null; readonly user_id: string | null; readonly term: number };
  readonly 'user.authorized': UserData & { readonly ip_address: string | null; readonly wallet: string | null };
  readonly 'user.revoked': UserData;
  readonly 'user.banned': UserData;
  readonly 'user_session.created': UserSessionData;
  readonly 'user_session.touched': UserSessionData;
  readonly 'user_session.ended': UserSessionData;
  readonly 'user_session.removed': UserSessionData;
  readonly 'user_session.revoked': UserSessionData;
  readonly 'user_session.expired': UserSessionData;
  readonly 'node.joined': { readonly node_id: string };
  readonly 'node.drained': { readonly node_id: string };
  readonly 'node.lost': { readonly node_id: string };
}

export type WebhookType = keyof WebhookDataOf;

/** `type` tells what `data` is. */
export type WebhookEvent = { readonly [T in WebhookType]: EventOf<T, WebhookDataOf[T]> }[WebhookType];

/** The question before a join. Answer 200 with `{"allow":true,"metadata"?}` or `{"allow":false,"reason"?}`. */
export interface JoinQuestion {
  readonly session_id: string;
  readonly user_id: string;
  readonly credential_kind: 'relay_pair' | 'relay_credential';
  /** The address of the client. */
  readonly ip: string;
  /** The session's metadata. */
  readonly metadata: unknown;
}

/** The body for the `webhook_url` of a relay session: the session as REST shows it. */
export interface SessionReport {
  readonly session_id: string;
  readonly authorization_token: number | null;
  readonly status: 'Initializing' | 'Linked' | 'Error';
  readonly ready: boolean;
  readonly linked: boolean;
  readonly error: string | null;
  readonly session_users: readonly {
    readonly ip_address: string;
    readonly latitude: number | null;
    readonly longitude: number | null;
    readonly authorization_token: number;
  }[];
  readonly relay: unknown;
  readonly webhook_url: string | null;
}
