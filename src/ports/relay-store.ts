/**
 * The truth about relay sessions. What a node asks for as the home of a session has no effect once another home, or the
 * same node again, has claimed the session. Every method is one atomic transition (on Redis: one round trip). A method that
 * rejects with `Failure('store_unavailable')` before it reached the store has changed nothing. An expired session does
 * not exist for any method.
 *
 * All times are the store's own (Redis: TIME), so nodes with different clocks agree.
 */
import type { AuthorizationToken, MemberIndex, NodeId, SessionId, UserId } from '../protocol/ids.js';
import type { HomeClaim, HomeState, Restoration } from './relay-home.js';
import type { JoinRequest, JoinResult, LeaveReason, LeaveResult, SeatHold } from './relay-join.js';
import type {
  AuthorizeResult,
  EnrolResult,
  KickRequest,
  KickResult,
  ListRequest,
  MintResult,
  NewGroupSeat,
  NewSeat,
  RevokeResult,
  SessionPage,
  SessionWithSeats,
} from './relay-seat.js';
import type {
  HomeHold,
  Host,
  NewRelaySession,
  ProjectScope,
  RelaySession,
  RelaySessionSettings,
} from './relay-session.js';

/** The home that the store has recorded. */
export type HomeNow = Pick<RelaySession, 'homeNodeId' | 'homeEpoch'>;

/** How long the store remembers that a session with members has ended or expired. */
export const OVER_KEPT_MS = 600_000;

export interface RelayStore {
  /** The id must be new. Ids are random; a duplicate rejects with `internal`. */
  create(session: NewRelaySession, seats: readonly (NewSeat | NewGroupSeat)[]): Promise<SessionWithSeats>;
  get(id: SessionId, scope: ProjectScope): Promise<SessionWithSeats | null>;
  list(request: ListRequest): Promise<SessionPage>;
  /** Ends a session and deletes everything of it except the fact that it is over. False when it does not exist. */
  end(id: SessionId, scope: ProjectScope): Promise<boolean>;
  /**
   * `ttlMs` counts from now. A maxUsers below the number of held seats takes effect as seats are given back. null when
   * the session does not exist.
   */
  update(
    id: SessionId,
    scope: ProjectScope,
    change: Partial<RelaySessionSettings> & { readonly ttlMs?: number },
  ): Promise<RelaySession | null>;

  /** Takes a seat for an address. Refuses an address that an authorized user already has, joined or not. */
  authorize(id: SessionId, scope: ProjectScope, seat: NewSeat): Promise<AuthorizeResult>;
  /**
   * Takes a seat of a group session for a wallet, which holds it from then on. A wallet whose member left for good gets
   * a new seat that replaces the old one and invalidates its credentials. `session_not_found` also when the session is
   * not a group session.
   */
  enrol(id: SessionId, seat: NewGroupSeat): Promise<EnrolResult>;
  /** Removes a listed user's seat, member and token. The store remembers the token as revoked. */
  revoke(id: SessionId, scope: ProjectScope, token: AuthorizationToken): Promise<RevokeResult>;
  /** Like revoke, for any user, by any of the user's names. */
  kick(request: KickRequest): Promise<KickResult>;
  /** The values that a credential for this user must carry. Takes no seat. */
  mint(id: SessionId, scope: ProjectScope, userId: UserId): Promise<MintResult>;

  /**
   * Takes a seat for a socket, or takes over the member's seat. Admission is exact: at most maxUsers seats are held,
   * whatever runs concurrently. The first member becomes host, unless the creator of a group session still holds a
   * seat. When the session is full, the store first gives back seats whose resume window has passed.
   */
  join(request: JoinRequest): Promise<JoinResult>;
  /** The socket is lost: keeps the seat for the session's resume window. False when outdated. */
  away(hold: SeatHold): Promise<boolean>;
  /**
   * The member leaves for good and its seat is given back. If the host left, the role goes to the member with the
   * longest membership and the term rises.
   */
  leave(hold: SeatHold, reason: LeaveReason): Promise<LeaveResult>;
  /** Hands over the host role. null unless `home` is the home, `from` is host in this term and `to` is a member. */
  handOverHost(id: SessionId, home: HomeHold, from: Host, to: MemberIndex): Promise<Host | null>;

  /**
   * Makes `to` the home if `from` is still the recorded home with this epoch, and raises the home epoch. Members that were connected to
   * the old home become away; their resume windows count from now. null when another node was faster.
   */
  claimHome(id: SessionId, from: HomeNow, to: NodeId): Promise<SessionWithSeats | null>;

  /**
   * Compares a home's view with the store for all its sessions in one call; answers come in the order of the claims.
   * Each session is read separately: the result is not one consistent snapshot.
   */
  check(home: NodeId, claims: readonly HomeClaim[]): Promise<readonly HomeState[]>;
  /**
   * Puts back what a home holds of a session that the store has lost, fully or in part. Returns false and changes
   * nothing when the session is over, another home has it, or its revision is not `instead`; the home then checks
   * again. When the store had nothing left, credentials minted earlier become invalid, except as bars say for single
   * users.
   */
  restore(lost: Restoration): Promise<boolean>;

  /**
   * Removes up to `limit` expired sessions and returns their ids; each id goes to one caller only. Returns none only when
   * nothing is due.
   */
  sweepExpired(limit: number): Promise<readonly SessionId[]>;
}
