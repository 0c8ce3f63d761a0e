/**
 * The truth about relay sessions. Every method is one atomic transition (on Redis: one round trip),
 * and leaves nothing changed when it rejects with `Failure('store_unavailable')` before it reached
 * the store. A session whose time is up does not exist any more for any method.
 *
 * Time is the store's own (Redis: its TIME), so that nodes with skewed clocks agree.
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
import type { Json } from '../protocol/server-control.js';

export type FilterType = 'any' | 'all' | 'not';

/** Chooses among nodes by a label of theirs. */
export interface Filter {
  readonly field: string;
  readonly values: readonly string[];
  readonly filterType: FilterType;
}

export type Durability = 'memory' | 'redis';

/** What can be changed after create. */
export interface RelaySessionSettings {
  readonly metadata: Json;
  /** 1 to 65,534: how many seats can be held at once. */
  readonly maxUsers: number;
  /** How long a lost socket keeps its seat, index and host role. */
  readonly resumeWindowMs: number;
  /** 0 sends at the end of the loop turn; 1 to 50 gathers that many milliseconds; auto follows the load. */
  readonly flushMs: number | 'auto';
  /** A seat with an address may only be used from it. */
  readonly enforceIp: boolean;
  /** While locked nobody new may join. */
  readonly locked: boolean;
  readonly webhookUrl: string | null;
}

/** What makes a relay session a group session: wallets join it over REST, and hold seats from then on. */
export interface GroupPart {
  /** Host from the start, until it leaves: while its seat is held nobody becomes host by being the first to connect. */
  readonly creatorId: UserId;
  /** In PHC form; null: none is asked for. */
  readonly passwordHash: string | null;
  /** Checksummed addresses. */
  readonly whitelist: readonly string[];
  /** Whether nobody else may join. */
  readonly onlyWhitelisted: boolean;
}

export interface NewRelaySession extends RelaySessionSettings {
  readonly id: SessionId;
  readonly projectId: ProjectId;
  readonly authorizationToken: AuthorizationToken;
  /** How long the session lives, from the moment the store takes it. */
  readonly ttlMs: number;
  readonly durability: Durability;
  readonly filters: readonly Filter[];
  /** null when no node fits; then `error` says so. */
  readonly homeNodeId: NodeId | null;
  readonly error: string | null;
  /** null: not a group session. */
  readonly group: GroupPart | null;
}

export interface Host {
  /** null before the first member joined and after the last has left. */
  readonly index: MemberIndex | null;
  /** Rises with each change of the host; 0 before the first. */
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
  /** Fences the home: rises with each claim. 0 while there was no home, else from 1. */
  readonly homeEpoch: number;
  readonly error: string | null;
  readonly group: GroupPart | null;
  readonly host: Host;
  /** Minted credentials carry it; a kick raises it and so outdates those of the kicked user. */
  readonly generation: number;
}

/** A user to authorize, at create or later. */
export interface NewSeat {
  readonly userId: UserId;
  readonly token: AuthorizationToken;
  /** As it is shown; canonical text form. */
  readonly address: string;
  readonly latitude: number | null;
  readonly longitude: number | null;
}

/** Who sits on a seat of a group session. */
export interface GroupSeat {
  /** The proven address in lower case: each holds one seat of a session at most. */
  readonly wallet: string;
  /** The address that is shown. */
  readonly address: string;
  readonly name: string | null;
  readonly pseudonym: string;
}

/** A wallet to take in. The user id must be new, also to those who were there before. */
export interface NewGroupSeat {
  readonly userId: UserId;
  readonly group: GroupSeat;
}

export interface SeatMember {
  readonly index: MemberIndex;
  readonly joinedAtMs: number;
  /** Counts up with each socket of the member; what a socket does to its seat names it. */
  readonly connection: number;
  /** When the seat is given up unless a socket comes back; null while one is there. */
  readonly awayUntilMs: number | null;
  /** The user session that the member is bound to: of the credential it came with last, and kept by a resume. */
  readonly userSessionId: UserSessionId | null;
}

export interface Seat {
  readonly userId: UserId;
  /** null for a seat of a group session, and for one taken by a minted credential. */
  readonly token: AuthorizationToken | null;
  readonly address: string | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
  /**
   * Whether it counts against maxUsers: from authorization on, until its member has left for good.
   * The authorization outlives that, and takes the seat again at the next join.
   */
  readonly held: boolean;
  /** Of a wallet that joined a group session. A seat without it and without a token exists only while it is a member. */
  readonly group: GroupSeat | null;
  readonly member: SeatMember | null;
}

export interface SessionWithSeats {
  readonly session: RelaySession;
  /** Listed users and wallets in the order they were taken in, then minted users in the order they joined. */
  readonly seats: readonly Seat[];
}

/** Whose sessions a caller may see: one project's, or everybody's (the root key). */
export type ProjectScope = ProjectId | 'all';

export interface ListRequest {
  readonly scope: ProjectScope;
  /** Newest first. Either how many to pass over, or the cursor of an earlier answer. */
  readonly from: { readonly offset: number } | { readonly cursor: string };
  readonly limit: number;
}

export interface SessionPage {
  readonly sessions: readonly SessionWithSeats[];
  readonly totalCount: number;
  /** null when nothing follows. Opaque. */
  readonly nextCursor: string | null;
}

export type AuthorizeResult =
  | { readonly outcome: 'authorized'; readonly session: RelaySession; readonly seat: Seat }
  | { readonly outcome: 'session_not_found' | 'address_already_authorized' | 'session_full' };

export type EnrolResult =
  | { readonly outcome: 'enrolled'; readonly session: RelaySession; readonly seat: Seat }
  | { readonly outcome: 'session_not_found' | 'banned' | 'already_member' | 'session_locked' | 'session_full' };

/** A user that lost its right to be there. */
export interface RemovedUser {
  readonly userId: UserId;
  /** null when it had not joined. */
  readonly index: MemberIndex | null;
  readonly host: Host;
}

export type RevokeResult =
  | {
      readonly outcome: 'revoked';
      readonly removed: RemovedUser;
      readonly session: RelaySession;
      /** What is left, as in `get`. */
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
  /** Refuse this user id from now on, newly minted credentials included, and the wallet that holds its seat. */
  readonly ban: boolean;
  /** It is the user's own wish: whoever learns of it later says `left`, not `kicked`. */
  readonly isOwnWish?: boolean;
}

export type KickResult =
  | { readonly outcome: 'kicked'; readonly removed: RemovedUser }
  /** Nobody like that is there. By user id, what was minted for it before is dead all the same. */
  | { readonly outcome: 'no_match' }
  | { readonly outcome: 'session_not_found' };

export type JoinCredential =
  /** Edgegap's two numbers. */
  | { readonly kind: 'pair'; readonly sessionToken: AuthorizationToken; readonly userToken: AuthorizationToken }
  /** A relay credential whose signature and times were checked. `asHost` takes the host role when the seat is new. */
  | {
      readonly kind: 'minted';
      readonly userId: UserId;
      readonly generation: number;
      readonly asHost: boolean;
      /** Binds the member; null: it is bound to none. */
      readonly userSessionId: UserSessionId | null;
    }
  /** The SHA-256 of a resume token's secret. The newest one counts, and the one the current socket came with. */
  | { readonly kind: 'resume'; readonly index: MemberIndex; readonly secretHash: string };

export interface JoinRequest {
  readonly sessionId: SessionId;
  readonly nodeId: NodeId;
  readonly credential: JoinCredential;
  /** The peer's address, canonical. */
  readonly address: string;
  /** SHA-256 of the secret in the resume token that this join will hand out. */
  readonly resumeHash: string;
  /** Decide, change nothing. */
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
  /** false when the member was there already: a resume, or a second socket that replaces the first. */
  readonly isNewMember: boolean;
  /** What the member is bound to from now on. */
  readonly userSessionId: UserSessionId | null;
  /** After the join. */
  readonly host: Host;
}

export type JoinResult =
  | Joined
  | { readonly outcome: 'refused'; readonly code: JoinRefusal }
  /** Another node is home. If that node is dead, `claimHome` from this state, then join again. */
  | { readonly outcome: 'home_elsewhere'; readonly homeNodeId: NodeId };

/** Names one socket's hold on a seat: a call that is outdated by a newer socket, or a newer home, changes nothing. */
export interface SeatHold {
  readonly sessionId: SessionId;
  /** The home that the socket is connected to. */
  readonly nodeId: NodeId;
  readonly index: MemberIndex;
  readonly connection: number;
}

export type LeaveResult =
  | { readonly outcome: 'left'; readonly host: Host }
  /** The seat is gone, or a newer socket or another home has it. */
  | { readonly outcome: 'outdated' };

export type MintResult =
  | { readonly outcome: 'mintable'; readonly generation: number; readonly expiresAtMs: number }
  | { readonly outcome: 'session_not_found' | 'banned' };

/** How long the store remembers that a session which had members is over: ended, or swept when its time was up. */
export const OVER_KEPT_MS = 600_000;

/** A decision against a user that outlives its seat. */
export type Bar =
  | {
      readonly kind: 'removed';
      readonly userId: UserId;
      /** What a minted credential of this user must carry at least. */
      readonly generation: number;
      /** Why it was removed last; null when nobody was there to be removed. */
      readonly reason: 'kicked' | 'revoked' | 'left' | null;
    }
  | { readonly kind: 'banned'; readonly userId: UserId }
  | { readonly kind: 'banned_wallet'; readonly wallet: string };

/** A member with what it takes to put it back. How long it may stay away is a duration: it holds by any clock. */
export interface HeldMember extends Omit<SeatMember, 'awayUntilMs'> {
  /** null while a socket is there. */
  readonly awayLeftMs: number | null;
  /** What its resume tokens are known by: the newest, then the one that its current socket came with, if any. */
  readonly resumeHashes: readonly string[];
}

export interface HeldSeat extends Omit<Seat, 'member'> {
  readonly member: HeldMember | null;
}

/** A session whole: all that decides who may be in it. */
export interface HeldSession {
  readonly session: RelaySession;
  /** Rises with each change that is not a socket's: settings, authorizations, removals, the host handed over. */
  readonly revision: number;
  /** As in `get`. */
  readonly seats: readonly HeldSeat[];
  readonly bars: readonly Bar[];
}

/** What a home believes of one session of its own. */
export interface HomeClaim {
  readonly sessionId: SessionId;
  readonly homeEpoch: number;
  /** null: the session is read whole whatever it says. */
  readonly revision: number | null;
  /** How many members the home knows. */
  readonly members: number;
}

export type HomeState =
  /** As the home believes; its time is up in `leftMs`. */
  | { readonly state: 'same'; readonly leftMs: number }
  /** There, and not as the home believes. Its epoch is the home's, or an older one when the store has lost a claim. */
  | { readonly state: 'changed'; readonly leftMs: number; readonly held: HeldSession }
  /** Another node is home, or has been since. */
  | { readonly state: 'elsewhere' }
  /** Over, as the store remembers for `OVER_KEPT_MS` of a session that had members. */
  | { readonly state: 'ended' | 'expired' }
  /** The store knows nothing of it. Before its end, and within `OVER_KEPT_MS`: the store has lost it. */
  | { readonly state: 'missing' };

/** A session to be put back by its home. */
export interface Restoration extends HeldSession {
  /** How long it still lives. */
  readonly leftMs: number;
  /** No index below was given out and is free. */
  readonly nextIndex: number;
  /** The revision that the store has now, to be replaced; null: it has none. */
  readonly instead: number | null;
}

export interface RelayStore {
  /** The id must be new: ids are random, and one that is taken rejects with `internal`. */
  create(session: NewRelaySession, seats: readonly (NewSeat | NewGroupSeat)[]): Promise<SessionWithSeats>;
  get(id: SessionId, scope: ProjectScope): Promise<SessionWithSeats | null>;
  list(request: ListRequest): Promise<SessionPage>;
  /** Ends a session: it and everything of it is gone, but that it is over. False when there was none. */
  end(id: SessionId, scope: ProjectScope): Promise<boolean>;
  /**
   * `ttlMs` counts from now. maxUsers below the seats held takes effect as seats are given back.
   * null when there is no such session.
   */
  update(
    id: SessionId,
    scope: ProjectScope,
    change: Partial<RelaySessionSettings> & { readonly ttlMs?: number },
  ): Promise<RelaySession | null>;

  /** Takes a seat for an address. The addresses of users already authorized are compared, joined or not. */
  authorize(id: SessionId, scope: ProjectScope, seat: NewSeat): Promise<AuthorizeResult>;
  /**
   * Takes a seat of a group session for a wallet, which holds it from then on. A wallet whose member has left for good
   * gets a new seat in place of the old one, whose credentials are dead then. `session_not_found` for a session that
   * is not a group session as well.
   */
  enrol(id: SessionId, seat: NewGroupSeat): Promise<EnrolResult>;
  /** Takes a listed user's right away, by its token: seat, member and token. A token is remembered as revoked. */
  revoke(id: SessionId, scope: ProjectScope, token: AuthorizationToken): Promise<RevokeResult>;
  /** Like revoke, for any user, by any of its names. */
  kick(request: KickRequest): Promise<KickResult>;
  /** What a credential for this user must carry. Takes no seat. */
  mint(id: SessionId, scope: ProjectScope, userId: UserId): Promise<MintResult>;

  /**
   * Takes a seat for a socket, or takes the member's seat over. Admission is exact: at most maxUsers seats are
   * held, whatever runs at once. The first member becomes host, unless the creator of a group session still holds
   * its seat. When the session is full, seats whose resume window has passed are given back first.
   */
  join(request: JoinRequest): Promise<JoinResult>;
  /** The socket is lost: the seat is kept for the session's resume window. False when outdated. */
  away(hold: SeatHold): Promise<boolean>;
  /**
   * The member leaves for good and its seat is given back; the host role goes to the member with the longest
   * membership, and the term rises, if the host left.
   */
  leave(hold: SeatHold): Promise<LeaveResult>;
  /** Hands the host role over; null unless `from` is host in this term and `to` is a member. */
  handOverHost(id: SessionId, from: Host, to: MemberIndex): Promise<Host | null>;

  /**
   * Makes `to` the home if `from` is still what the session says, raising the home epoch. Members that were connected
   * to the old home become away, their resume windows counting from now. null when another was faster.
   */
  claimHome(id: SessionId, from: NodeId | null, to: NodeId): Promise<SessionWithSeats | null>;

  /**
   * Compares what a home believes with what the store knows, for all its sessions in one go; the answers are in the
   * order of the claims. Each session is looked at by itself: it is no snapshot of all of them.
   */
  check(home: NodeId, claims: readonly HomeClaim[]): Promise<readonly HomeState[]>;
  /**
   * Puts back what its home holds of a session that the store has lost, wholly or in part. False, and nothing is changed,
   * when the session is over, another home has it, or its revision is not `instead`: the home looks again then.
   * Where nothing was left, minted credentials from before are dead, but for what bars say of single users.
   */
  restore(lost: Restoration): Promise<boolean>;

  /** Removes up to `limit` sessions whose time is up and names them; each is named to one caller only. */
  sweepExpired(limit: number): Promise<readonly SessionId[]>;
}
