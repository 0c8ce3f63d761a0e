import type { MemberIndex, UserId, UserSessionId } from '../../protocol/ids.js';
import { NO_STATE, type StateText } from '../../protocol/presence.js';
import type { LeftReason, Role } from '../../protocol/server-control.js';
import type { Timer } from '../../ports/clock.js';
import type { AuthorizationToken } from '../../protocol/ids.js';
import type { Watch } from '../../ports/user-session-watches.js';
import type { Outlet } from './outlet.js';

/** What a member has from its joining on. */
export interface Seat {
  readonly index: MemberIndex;
  readonly userId: UserId;
  readonly joinedAtMs: number;
  readonly connection: number;
  readonly token: AuthorizationToken | null;
  readonly firstSeq: number;
}

/**
 * A member as its home sees it: a seat that has joined, with or without a socket. A class for the sake of its shape: objects
 * that a spread made had one each, and what reads a member for every message had to look it up anew.
 */
export class Member {
  readonly index: MemberIndex;
  readonly userId: UserId;
  readonly joinedAtMs: number;
  /** The newest reliable entry when it joined: what came before was not meant for it. */
  readonly firstSeq: number;
  /** Of a listed user that came with its pair: what a revocation without the store can find it by. */
  token: AuthorizationToken | null;
  /** The generation of the minted credential that it came with; null when it came with another, or to another home. */
  mintedFrom: number | null = null;
  /** What its resume tokens are known by, the newest first. */
  resumeHashes: readonly string[] = [];
  /** The user session it is bound to; null: none. */
  userSessionId: UserSessionId | null = null;
  /** Counts the sockets it has had; what is said to the store about its seat names it. */
  connection: number;
  /** Since when it counts so many, in monotonic milliseconds: an older answer of the store is not about this. */
  seatedAtMs = -Infinity;
  /** The way out to its socket; null while it is away. */
  outlet: Outlet | null = null;
  /** Presence state, as it was sent; kept by the home alone. */
  state: StateText = NO_STATE;
  /** Volatile entries that were not kept for it while it was behind, over all its sockets on this home. */
  dropped = 0;
  /** Gives the seat up when the resume window has passed. */
  departure: Timer | null = null;
  /** When that is, in monotonic milliseconds. It means nothing without a departure. */
  departsAtMs = 0;
  /** Of the user session it is bound to; null when it is bound to none. */
  watch: Watch | null = null;
  /** Its user session is over, and it goes for this; null while it has a right to be there. */
  over: Extract<LeftReason, 'revoked' | 'ended'> | null = null;

  constructor(seat: Seat) {
    this.index = seat.index;
    this.userId = seat.userId;
    this.joinedAtMs = seat.joinedAtMs;
    this.firstSeq = seat.firstSeq;
    this.token = seat.token;
    this.connection = seat.connection;
  }
}

/** A member as a backend sees it. */
export interface MemberStatus {
  readonly index: MemberIndex;
  readonly userId: UserId;
  readonly role: Role;
  readonly connected: boolean;
  readonly state: StateText;
  readonly joinedAtMs: number;
  /** Volatile entries that its slowness cost it; null when another node would have to be asked. */
  readonly dropped: number | null;
}
