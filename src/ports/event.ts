/**
 * Events: facts that the store writes in the same atomic step as the change they tell of. A reader of an event can
 * therefore read the state that it tells of. Relay frames make no events.
 */
import type { LeftReason } from '../protocol/control-frames.js';
import type { MemberIndex, NodeId, ProjectId, SessionId, UserId, UserSessionId } from '../protocol/ids.js';
import type { SessionWithSeats } from './relay-seat.js';
import type { UserSession } from './user-session-store.js';

/** A relay session, as the change left it. An ended session: as it was before its end. */
export type SessionFacts =
  | { readonly type: 'session.ready' | 'session.failed' | 'session.updated'; readonly session: SessionWithSeats }
  | { readonly type: 'session.ended'; readonly why: SessionEnd; readonly session: SessionWithSeats };

/** `ended`: a backend or the group's host ended it. `expired`: its lifetime ran out. */
export type SessionEnd = 'ended' | 'expired';

export type MemberFacts =
  | {
      readonly type: 'member.joined' | 'member.back';
      readonly userId: UserId;
      readonly index: MemberIndex;
      /** The user session that the member is bound to. */
      readonly userSessionId: UserSessionId | null;
    }
  | { readonly type: 'member.away'; readonly why: AwayReason; readonly userId: UserId; readonly index: MemberIndex }
  | {
      readonly type: 'member.left';
      readonly why: DepartureReason;
      readonly userId: UserId;
      readonly index: MemberIndex;
    };

/** `home_lost`: the node that held the member's socket died or gave the session up. */
export type AwayReason = 'socket_lost' | 'home_lost';

/** As in the frame `member.left`; a ban is told apart from a kick. */
export type DepartureReason = LeftReason | 'banned';

export interface HostFacts {
  readonly type: 'host.changed';
  /** Both null: nobody is host. */
  readonly index: MemberIndex | null;
  readonly userId: UserId | null;
  readonly term: number;
}

export type UserFacts =
  | {
      readonly type: 'user.authorized';
      readonly userId: UserId;
      readonly address: string | null;
      /** The wallet that holds the seat of a group session. */
      readonly wallet: string | null;
    }
  /** A user lost the right to be in the session. When the user was a member, `member.left` follows. */
  | { readonly type: 'user.revoked'; readonly userId: UserId }
  /** With a session: banned from it. Without: a user of the directory, who cannot sign in any more. */
  | { readonly type: 'user.banned'; readonly userId: UserId };

/** Never the secret of a login session, nor its hash. */
export interface UserSessionFacts {
  readonly type:
    | 'user_session.created'
    | 'user_session.touched'
    | 'user_session.ended'
    | 'user_session.removed'
    | 'user_session.revoked'
    | 'user_session.expired';
  /** Its status tells why it is over: `replaced` sessions have ended, `abandoned` ones have expired. */
  readonly session: Omit<UserSession, 'secretHash'>;
}

export interface NodeFacts {
  readonly type: 'node.joined' | 'node.drained' | 'node.lost';
  readonly nodeId: NodeId;
}

export type EventFacts = SessionFacts | MemberFacts | HostFacts | UserFacts | UserSessionFacts | NodeFacts;
export type EventType = EventFacts['type'];

export interface EventRecord {
  /** Names this event for ever: `evt_` and up to 60 characters of `[A-Za-z0-9_-]`. A receiver knows a repeat by it. */
  readonly id: string;
  /** Counts the events of the relay session from 1, without gaps. null: not an event of a relay session. */
  readonly sequence: number | null;
  readonly createdAtMs: number;
  /** Both null: an event of the deployment (user sessions, nodes, directory users). */
  readonly projectId: ProjectId | null;
  readonly sessionId: SessionId | null;
  readonly facts: EventFacts;
}
