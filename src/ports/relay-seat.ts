/** The seats of a relay session, and what a backend does to them: authorize, enrol, revoke, kick, mint. */
import type { AuthorizationToken, MemberIndex, SessionId, UserId, UserSessionId } from '../protocol/ids.js';
import type { Host, ProjectScope, RelaySession } from './relay-session.js';

/** A user to authorize, at create or later. */
export interface NewSeat {
  readonly userId: UserId;
  readonly token: AuthorizationToken;
  /** Canonical text form, shown in answers. */
  readonly address: string;
  readonly latitude: number | null;
  readonly longitude: number | null;
}

/** The wallet that holds a seat of a group session. */
export interface GroupSeat {
  /** The proven address in lower case. Each wallet holds at most one seat of a session. */
  readonly wallet: string;
  /** The address as answers show it. */
  readonly address: string;
  readonly name: string | null;
  readonly pseudonym: string;
}

/** A wallet to add. The user id must be new; it must not match a former user either. */
export interface NewGroupSeat {
  readonly userId: UserId;
  readonly group: GroupSeat;
}

export interface SeatMember {
  readonly index: MemberIndex;
  readonly joinedAtMs: number;
  /** Rises with each socket of the member. Each call that changes the seat for a socket carries the socket's number. */
  readonly connection: number;
  /** When the seat is given up unless a socket returns; null while one is connected. */
  readonly awayUntilMs: number | null;
  /** The user session that the member is bound to. It comes from the member's last credential; a resume keeps it. */
  readonly userSessionId: UserSessionId | null;
}

export interface Seat {
  readonly userId: UserId;
  /** null for a seat of a group session, and for a seat opened with a minted credential. */
  readonly token: AuthorizationToken | null;
  readonly address: string | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
  /**
   * Whether the seat counts against maxUsers: from authorization until its member leaves for good. The authorization
   * remains valid, and takes the seat again at the next join.
   */
  readonly held: boolean;
  /**
   * Set for a wallet that joined a group session. A seat with neither wallet nor token exists only while it has a
   * member.
   */
  readonly group: GroupSeat | null;
  readonly member: SeatMember | null;
}

export interface SessionWithSeats {
  readonly session: RelaySession;
  /** Listed users and wallets in the order they were added, then minted users in the order they joined. */
  readonly seats: readonly Seat[];
}

export interface ListRequest {
  readonly scope: ProjectScope;
  /** Newest first. Starts after `offset` items, or at the cursor of an earlier answer. */
  readonly from: { readonly offset: number } | { readonly cursor: string };
  readonly limit: number;
}

export interface SessionPage {
  readonly sessions: readonly SessionWithSeats[];
  readonly totalCount: number;
  /** null on the last page. Opaque. */
  readonly nextCursor: string | null;
}

export type AuthorizeResult =
  | { readonly outcome: 'authorized'; readonly session: RelaySession; readonly seat: Seat }
  | { readonly outcome: 'session_not_found' | 'address_already_authorized' | 'session_full' }
  /** The session has this token, or has had it. Draw another. */
  | { readonly outcome: 'token_taken' };

export type EnrolResult =
  | { readonly outcome: 'enrolled'; readonly session: RelaySession; readonly seat: Seat }
  | { readonly outcome: 'session_not_found' | 'banned' | 'already_member' | 'session_locked' | 'session_full' };

/** A user that has lost the right to be in the session. */
export interface RemovedUser {
  readonly userId: UserId;
  /** null when the user had not joined. */
  readonly index: MemberIndex | null;
  readonly host: Host;
}

export type RevokeResult =
  | {
      readonly outcome: 'revoked';
      readonly removed: RemovedUser;
      readonly session: RelaySession;
      /** The remaining seats, as in `get`. */
      readonly seats: readonly Seat[];
    }
  | { readonly outcome: 'revoked_before' | 'session_not_found' | 'token_not_found' };

export type UserSelector =
  | { readonly by: 'index'; readonly index: MemberIndex }
  | { readonly by: 'user_id'; readonly userId: UserId }
  | { readonly by: 'token'; readonly token: AuthorizationToken };

export interface KickRequest {
  readonly sessionId: SessionId;
  readonly scope: ProjectScope;
  readonly selector: UserSelector;
  /** Refuses this user id from now on, including newly minted credentials and the wallet that holds the seat. */
  readonly ban: boolean;
  /** The user chose to leave: later readers see `left`, not `kicked`. */
  readonly isOwnWish?: boolean;
}

export type KickResult =
  | { readonly outcome: 'kicked'; readonly removed: RemovedUser }
  /** No such user is in the session. A kick by user id still invalidates credentials minted before it. */
  | { readonly outcome: 'no_match' }
  | { readonly outcome: 'session_not_found' };

export type MintResult =
  | { readonly outcome: 'mintable'; readonly generation: number; readonly expiresAtMs: number }
  | { readonly outcome: 'session_not_found' | 'banned' };
