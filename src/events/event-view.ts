/**
 * Events as outside programs see them: in answers, streams and webhooks. An event shows no credential, no hash, and no
 * list of users.
 *
 * `JSON.stringify` would change the numbers of `metadata`: write a view with `writeExactJson`.
 */
import type { Json } from '../lib/json.js';
import type {
  AwayReason,
  DepartureReason,
  EventRecord,
  EventType,
  SessionEnd,
  SessionFacts,
  UserSessionFacts,
} from '../ports/event.js';

/** One type of event with its own `data`. */
export interface TypedEvent<T extends EventType, Data> {
  readonly id: string;
  readonly type: T;
  /** The number of the event in the log that is read; null in a webhook about no relay session. */
  readonly sequence: number | null;
  /** Unix milliseconds. */
  readonly created_at: number;
  readonly session_id?: string;
  /** In a log of many sessions: the number of the event in the log of its session. */
  readonly session_sequence?: number;
  readonly data: Data;
}

/** By type: what an event says. */
export interface EventDataOf {
  readonly 'session.ready': SessionData;
  readonly 'session.failed': SessionData;
  readonly 'session.updated': SessionData;
  readonly 'session.ended': SessionData & { readonly why: SessionEnd };
  readonly 'member.joined': MemberWithSessionData;
  readonly 'member.back': MemberWithSessionData;
  readonly 'member.away': MemberData & { readonly why: AwayReason };
  readonly 'member.left': MemberData & { readonly why: DepartureReason };
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
  readonly 'node.joined': NodeData;
  readonly 'node.drained': NodeData;
  readonly 'node.lost': NodeData;
}

export interface SessionData {
  readonly project_id: string;
  readonly status: 'Initializing' | 'Linked' | 'Error';
  readonly ready: boolean;
  readonly error: string | null;
  readonly metadata: Json;
  readonly max_users: number;
  readonly user_count: number;
  readonly member_count: number;
  readonly locked: boolean;
  readonly created_at: number;
  readonly expires_at: number;
  /** The id of the home node. */
  readonly home: string | null;
}

export interface MemberData {
  readonly user_id: string;
  readonly index: number;
}

export interface MemberWithSessionData extends MemberData {
  readonly user_session_id: string | null;
}

export interface UserData {
  readonly user_id: string;
}

export interface UserSessionData {
  readonly id: string;
  readonly user_id: string;
  readonly client_id: string | null;
  readonly kind: 'client' | 'login';
  readonly status: UserSessionFacts['session']['status'];
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

export interface NodeData {
  readonly node_id: string;
}

/** Every kind of event that a reader can meet. */
export type EventView = { [T in EventType]: TypedEvent<T, EventDataOf[T]> }[EventType];

/** As in the log of its session and in a webhook: `sequence` counts the events of the session. */
export function viewEvent(event: EventRecord): EventView {
  return viewAs(event, event.sequence, false);
}

/** As in a log of many sessions: `sequence` is the position in that log. */
export function viewLogged(event: EventRecord, position: number): EventView {
  return viewAs(event, position, true);
}

function viewAs(event: EventRecord, sequence: number | null, hasManySessions: boolean): EventView {
  const { id, createdAtMs: created_at, sessionId, sequence: session_sequence, facts } = event;
  const ofSession = sessionId === null ? {} : { session_id: sessionId };
  const inSession = hasManySessions && session_sequence !== null ? { session_sequence } : {};
  const head = { id, sequence, created_at, ...ofSession, ...inSession };
  switch (facts.type) {
    case 'session.ready':
    case 'session.failed':
    case 'session.updated':
      return { ...head, type: facts.type, data: viewSession(facts) };
    case 'session.ended':
      return { ...head, type: facts.type, data: { ...viewSession(facts), why: facts.why } };
    case 'member.joined':
    case 'member.back': {
      const { type, userId: user_id, index, userSessionId: user_session_id } = facts;
      return { ...head, type, data: { user_id, index, user_session_id } };
    }
    case 'member.away':
      return { ...head, type: facts.type, data: { user_id: facts.userId, index: facts.index, why: facts.why } };
    case 'member.left':
      return { ...head, type: facts.type, data: { user_id: facts.userId, index: facts.index, why: facts.why } };
    case 'host.changed':
      return { ...head, type: facts.type, data: { index: facts.index, user_id: facts.userId, term: facts.term } };
    case 'user.authorized': {
      const { type, userId: user_id, address: ip_address, wallet } = facts;
      return { ...head, type, data: { user_id, ip_address, wallet } };
    }
    case 'user.revoked':
    case 'user.banned':
      return { ...head, type: facts.type, data: { user_id: facts.userId } };
    case 'user_session.created':
    case 'user_session.touched':
    case 'user_session.ended':
    case 'user_session.removed':
    case 'user_session.revoked':
    case 'user_session.expired':
      return { ...head, type: facts.type, data: viewUserSession(facts) };
    case 'node.joined':
    case 'node.drained':
    case 'node.lost':
      return { ...head, type: facts.type, data: { node_id: facts.nodeId } };
  }
}

function viewSession({ session: { session, seats } }: SessionFacts): SessionData {
  const isLinked = session.error === null && session.homeNodeId !== null;
  return {
    project_id: session.projectId,
    status: session.error !== null ? 'Error' : isLinked ? 'Linked' : 'Initializing',
    ready: isLinked,
    error: session.error,
    metadata: session.metadata,
    max_users: session.maxUsers,
    user_count: seats.length,
    member_count: seats.reduce((count, { member }) => count + (member === null ? 0 : 1), 0),
    locked: session.locked,
    created_at: session.createdAtMs,
    expires_at: session.expiresAtMs,
    home: session.homeNodeId,
  };
}

function viewUserSession({ session }: UserSessionFacts): UserSessionData {
  return {
    id: session.id,
    user_id: session.userId,
    client_id: session.deviceId,
    kind: session.kind,
    status: session.status,
    created_at: session.createdAtMs,
    updated_at: session.updatedAtMs,
    last_active_at: session.lastActiveAtMs,
    expire_at: session.expireAtMs,
    abandon_at: session.abandonAtMs,
    last_active_organization_id: session.organizationId,
    effective_user_id: session.effectiveUserId,
    actor_id: session.actorId,
    ip_address: session.address,
  };
}
