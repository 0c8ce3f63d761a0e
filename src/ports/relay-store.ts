/**
 * The truth about relay sessions. Every method is one atomic transition (on Redis: one round trip). A method that
 * rejects with `Failure('store_unavailable')` before it reached the store has changed nothing. An expired session does
 * not exist for any method.
 *
 * All times are the store's own (Redis: TIME), so nodes with different clocks agree.
 */
import type { ErrorCode } from '../protocol/errors.js';
import type {
  AuthorizationToken,
  MemberIndex,
  NodeId,
  ProjectId,
  SessionId,
  UserId,
  UserSessionId,
} from '../protocol/ids.js';
import type { Json } from '../lib/json.js';

export type FilterType = 'any' | 'all' | 'not';

/** Matches nodes by one of their labels. */
export interface Filter {
  readonly field: string;
  readonly values: readonly string[];
  readonly filterType: FilterType;
}

export type Durability = 'memory' | 'redis';

/** Settings that can change after create. */
export interface RelaySessionSettings {
  readonly metadata: Json;
  /** The most seats that can be held at once, 1 to 65,534. */
  readonly maxUsers: number;
  /** How long a lost socket keeps its seat, index and host role. */
  readonly resumeWindowMs: number;
  /** 0: send at the end of the event-loop turn. 1 to 50: gather for that many ms. auto: follow the load. */
  readonly flushMs: number | 'auto';
  /** A seat with an address may only be used from that address. */
  readonly enforceIp: boolean;
  /** While locked, new members cannot join. */
  readonly locked: boolean;
  readonly webhookUrl: string | null;
}

/** Present on group sessions: wallets join them over REST and hold seats from then on. */
export interface GroupPart {
  /**
   * Host from the start until the creator leaves. While the creator holds a seat, connecting first does not make
   * another member host.
   */
  readonly creatorId: UserId;
  /** PHC form; null: no password required. */
  readonly passwordHash: string | null;
  /** Checksummed addresses. */
  readonly whitelist: readonly string[];
  /** Whether only whitelisted wallets may join. */
  readonly onlyWhitelisted: boolean;
}

export interface NewRelaySession extends RelaySessionSettings {
  readonly id: SessionId;
  readonly projectId: ProjectId;
  readonly authorizationToken: AuthorizationToken;
  /** Lifetime, counted from when the store creates the session. */
  readonly ttlMs: number;
  readonly durability: Durability;
  readonly filters: readonly Filter[];
  /** null when no node matches the filters; `error` then says so. */
  readonly homeNodeId: NodeId | null;
  readonly error: string | null;
  /** null: not a group session. */
  readonly group: GroupPart | null;
}

export interface Host {
  /** null before the first member joins and after the last one leaves. */
  readonly index: MemberIndex | null;
  /** Rises with each host change; 0 before the first. */
  readonly term: number;
}

export interface RelaySession extends RelaySessionSettings {
  readonly id: SessionId;
  readonly projectId: ProjectId;
  readonly authorizationToken: AuthorizationToken;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly durability: Durability;
  readonly filters: readonly Filter[];
  readonly homeNodeId: NodeId | null;
  /** Fencing number of the home; rises with each claim. 0: the session never had a home. */
  readonly homeEpoch: number;
  readonly error: string | null;
  readonly group: GroupPart | null;
  readonly host: Host;
  /** Minted credentials carry this number. A kick raises it, which invalidates the kicked user's credentials. */
  readonly generation: number;
}

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
  /** Rises with each socket of the member. A socket names it in each change of its seat. */
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

/** Which sessions a caller may see: those of one project, or all (the root key). */
export type ProjectScope = ProjectId | 'all';

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
  | { readonly outcome: 'session_not_found' | 'address_already_authorized' | 'session_full' };

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

export type JoinCredential =
  /** The session token and user token that Edgegap uses. */
  | { readonly kind: 'pair'; readonly sessionToken: AuthorizationToken; readonly userToken: AuthorizationToken }
  /** A relay credential with verified signature and times. `asHost` takes the host role when the seat is new. */
  | {
      readonly kind: 'minted';
      readonly userId: UserId;
      readonly generation: number;
      readonly asHost: boolean;
      /** The user session to bind the member to; null: none. */
      readonly userSessionId: UserSessionId | null;
    }
  /**
   * SHA-256 of a resume token's secret. Two tokens are valid: the newest, and the one that the current socket came
   * with.
   */
  | { readonly kind: 'resume'; readonly index: MemberIndex; readonly secretHash: string };

export interface JoinRequest {
  readonly sessionId: SessionId;
  readonly nodeId: NodeId;
  readonly credential: JoinCredential;
  /** The client's address in canonical form. */
  readonly address: string;
  /** SHA-256 of the secret in the resume token that this join hands out. */
  readonly resumeHash: string;
  /** Decides without changing anything. */
  readonly dryRun: boolean;
}

export type JoinRefusal = Extract<
  ErrorCode,
  | 'session_not_found'
  | 'session_not_linked'
  | 'credential_invalid'
  | 'credential_revoked'
  | 'banned'
  | 'address_not_allowed'
  | 'session_locked'
  | 'session_full'
>;

export interface Joined {
  readonly outcome: 'joined';
  readonly userId: UserId;
  readonly index: MemberIndex;
  readonly connection: number;
  readonly joinedAtMs: number;
  /** false when the member existed: a resume, or a second socket that replaces the first. */
  readonly isNewMember: boolean;
  /** The user session that the member is bound to from now on. */
  readonly userSessionId: UserSessionId | null;
  /** The host after the join. */
  readonly host: Host;
}

export type JoinResult =
  | Joined
  | { readonly outcome: 'refused'; readonly code: JoinRefusal }
  /** Another node is home. If that node is dead, call `claimHome` with this state, then join again. */
  | { readonly outcome: 'home_elsewhere'; readonly homeNodeId: NodeId };

/** Names one socket's hold on a seat. A call from before a newer socket or a newer home changes nothing. */
export interface SeatHold {
  readonly sessionId: SessionId;
  /** The home that the socket is connected to. */
  readonly nodeId: NodeId;
  readonly index: MemberIndex;
  readonly connection: number;
}

export type LeaveResult =
  | { readonly outcome: 'left'; readonly host: Host }
  /** The seat is gone, or a newer socket or another home holds it. */
  | { readonly outcome: 'outdated' };

export type MintResult =
  | { readonly outcome: 'mintable'; readonly generation: number; readonly expiresAtMs: number }
  | { readonly outcome: 'session_not_found' | 'banned' };

/** How long the store remembers that a session with members has ended or expired. */
export const OVER_KEPT_MS = 600_000;

/** A decision against a user that outlives the user's seat. */
export type Bar =
  | {
      readonly kind: 'removed';
      readonly userId: UserId;
      /** The lowest generation that a minted credential of this user must carry. */
      readonly generation: number;
      /** Why the user was last removed; null when no member was removed. */
      readonly reason: 'kicked' | 'revoked' | 'left' | null;
    }
  | { readonly kind: 'banned'; readonly userId: UserId }
  | { readonly kind: 'banned_wallet'; readonly wallet: string };

/**
 * A member with everything needed to restore it. The time it may stay away is a duration, so it does not depend on a
 * clock.
 */
export interface HeldMember extends Omit<SeatMember, 'awayUntilMs'> {
  /** null while a socket is connected. */
  readonly awayLeftMs: number | null;
  /** Hashes of the resume tokens: the newest, then the one that the current socket came with, if any. */
  readonly resumeHashes: readonly string[];
}

export interface HeldSeat extends Omit<Seat, 'member'> {
  readonly member: HeldMember | null;
}

/** A full session: everything that decides who may be in it. */
export interface HeldSession {
  readonly session: RelaySession;
  /** Rises with each change that no socket caused: settings, authorizations, removals, host hand-overs. */
  readonly revision: number;
  /** As in `get`. */
  readonly seats: readonly HeldSeat[];
  readonly bars: readonly Bar[];
}

/** A home's view of one of its own sessions. */
export interface HomeClaim {
  readonly sessionId: SessionId;
  readonly homeEpoch: number;
  /** null: read the session in full in any case. */
  readonly revision: number | null;
  /** How many members the home knows. */
  readonly members: number;
}

export type HomeState =
  /** The home's view is correct; the session expires in `leftMs`. */
  | { readonly state: 'same'; readonly leftMs: number }
  /**
   * The session exists but differs from the home's view. `epoch` is the home's, or older when the store has lost a
   * claim.
   */
  | { readonly state: 'changed'; readonly leftMs: number; readonly held: HeldSession }
  /** Another node is home, or was home in the meantime. */
  | { readonly state: 'elsewhere' }
  /** The session is over. The store remembers this for `OVER_KEPT_MS` if the session had members. */
  | { readonly state: 'ended' | 'expired' }
  /**
   * The store has no record of the session. Before the session's end and within `OVER_KEPT_MS` after it, this means
   * that the store has lost it.
   */
  | { readonly state: 'missing' };

/** A session that its home puts back into the store. */
export interface Restoration extends HeldSession {
  /** Remaining lifetime, in ms. */
  readonly leftMs: number;
  /** Indexes from this one on were never given out. */
  readonly nextIndex: number;
  /** The revision to replace in the store; null: the store has none. */
  readonly instead: number | null;
}

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
  leave(hold: SeatHold): Promise<LeaveResult>;
  /** Hands over the host role. null unless `from` is host in this term and `to` is a member. */
  handOverHost(id: SessionId, from: Host, to: MemberIndex): Promise<Host | null>;

  /**
   * Makes `to` the home if `from` is still the recorded home, and raises the home epoch. Members that were connected to
   * the old home become away; their resume windows count from now. null when another node was faster.
   */
  claimHome(id: SessionId, from: NodeId | null, to: NodeId): Promise<SessionWithSeats | null>;

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

  /** Removes up to `limit` expired sessions and returns their ids; each id goes to one caller only. */
  sweepExpired(limit: number): Promise<readonly SessionId[]>;
}
