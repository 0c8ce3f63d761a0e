import type { AuthorizationToken, MemberIndex, UserId, UserSessionId } from '../../protocol/ids.js';
import type { StateText } from '../../protocol/presence.js';
import type { LeftReason, Role } from '../../protocol/server-control.js';
import type { Timer } from '../../ports/clock.js';
import type { Watch } from '../../ports/user-session-watches.js';
import type { Outlet } from './outlet.js';

export type LeavingReason = Extract<LeftReason, 'left' | 'timeout' | 'revoked' | 'ended'>;

/** Whether a member has a socket, and otherwise what happens to its seat. */
export type Standing =
  | { readonly kind: 'connected'; readonly outlet: Outlet }
  /** The member's socket is lost. The resume window ends at `untilMs`, in monotonic milliseconds. */
  | { readonly kind: 'away'; readonly untilMs: number; readonly timer: Timer }
  /** The member goes for good, and the store is being told. */
  | { readonly kind: 'leaving'; readonly reason: LeavingReason }
  /** The member has left the room. */
  | { readonly kind: 'gone' };

/** A member as its home sees it. Only its room changes it. */
export interface Member {
  readonly index: MemberIndex;
  readonly userId: UserId;
  readonly joinedAtMs: number;
  /** The newest reliable entry when the member joined. Earlier entries were not meant for it. */
  readonly firstSeq: number;
  /** Authorization token of a listed user; lets us revoke it while the store is down. */
  readonly token: AuthorizationToken | null;
  /**
   * The generation of the minted credential that the member joined with; null: it used another kind, or joined at
   * another home.
   */
  readonly mintedFrom: number | null;
  /** Hashes of the resume tokens that are valid, newest first. */
  readonly resumeHashes: readonly string[];
  /** The user session that the member is bound to; null: none. */
  readonly userSessionId: UserSessionId | null;
  /** Counts the member's sockets. Calls to the store about the member's seat carry this number. */
  readonly connection: number;
  /**
   * When `connection` last changed, in monotonic milliseconds. An answer that the store gave earlier is out of date.
   */
  readonly seatedAtMs: number;
  readonly standing: Standing;
  /** The way out to the member's socket; null unless it is connected. */
  readonly outlet: Outlet | null;
  /** The presence state as its member sent it. Only the home keeps it. */
  readonly state: StateText;
  /** Volatile entries that were dropped because the member was slow, over all its sockets on this home. */
  readonly dropped: number;
  /** The backend's answer about the member when it joined, a JSON object as text; null: none. Only the home keeps it. */
  readonly metadata: string | null;
  /** The member as control frames show it, encoded. */
  view(role: Role): string;
}

/** A seat that the store has taken, with all that the room needs to make a member or give it a new socket. */
export interface SeatTaken {
  readonly index: MemberIndex;
  readonly userId: UserId;
  readonly joinedAtMs: number;
  readonly connection: number;
  readonly userSessionId: UserSessionId | null;
  readonly token: AuthorizationToken | null;
  readonly mintedFrom: number | null;
  readonly resumeHashes: readonly string[];
  /** The watch on the user session that the seat is bound to; null: none. */
  readonly watch: Watch | null;
  /** The backend's answer about this join, a JSON object as text; null: none. */
  readonly metadata: string | null;
}

/** The parts of a member that only its home knows, and that another home goes on with. */
export type MemberPast = Pick<Member, 'firstSeq' | 'state' | 'dropped' | 'metadata'>;

/** A member as a backend sees it. */
export interface MemberStatus {
  readonly index: MemberIndex;
  readonly userId: UserId;
  readonly role: Role;
  readonly connected: boolean;
  readonly state: StateText;
  readonly joinedAtMs: number;
  /** Volatile entries that were dropped because the member was slow; null when only another node knows. */
  readonly dropped: number | null;
  /** A JSON object as text; null: a backend said nothing about the member, or only another node knows. */
  readonly metadata: string | null;
}
