import type { AuthorizationToken, MemberIndex, UserId, UserSessionId } from '../../protocol/ids.js';
import type { StateText } from '../../protocol/presence.js';
import type { LeftReason, Role } from '../../protocol/server-control.js';
import type { Timer } from '../../ports/clock.js';
import type { Watch } from '../../ports/user-session-watches.js';
import type { Outlet } from './outlet.js';

export type LeavingReason = Extract<LeftReason, 'left' | 'timeout' | 'revoked' | 'ended'>;

/** Whether a member has a socket, and if not, what becomes of its seat. */
export type Standing =
  | { readonly kind: 'connected'; readonly outlet: Outlet }
  /** Its socket is lost. The resume window ends at `untilMs`, in monotonic milliseconds. */
  | { readonly kind: 'away'; readonly untilMs: number; readonly timer: Timer }
  /** It goes for good; the store is being told. */
  | { readonly kind: 'leaving'; readonly reason: LeavingReason }
  /** It is no member any more. */
  | { readonly kind: 'gone' };

/** A member as its home sees it. Only its room changes it. */
export interface Member {
  readonly index: MemberIndex;
  readonly userId: UserId;
  readonly joinedAtMs: number;
  /** The newest reliable entry when it joined: earlier ones were not meant for it. */
  readonly firstSeq: number;
  /** Authorization token of a listed user; lets us revoke it while the store is down. */
  readonly token: AuthorizationToken | null;
  /** The generation of the minted credential that it came with; null when it came with another, or to another home. */
  readonly mintedFrom: number | null;
  /** Hashes of its resume tokens that still work, newest first. */
  readonly resumeHashes: readonly string[];
  /** The user session that it is bound to; null: none. */
  readonly userSessionId: UserSessionId | null;
  /** Counts the sockets it has had; what is said to the store about its seat names it. */
  readonly connection: number;
  /** Since when it counts that many, in monotonic milliseconds: an older answer of the store is not about this one. */
  readonly seatedAtMs: number;
  readonly standing: Standing;
  /** The way out to its socket; null unless it is connected. */
  readonly outlet: Outlet | null;
  /** Presence state, as it was sent; kept by the home alone. */
  readonly state: StateText;
  /** Volatile entries that were dropped because it was slow, over all its sockets on this home. */
  readonly dropped: number;
}

/** A seat that was taken in the store, as the room needs it to make a member or to give one its new socket. */
export interface SeatTaken {
  readonly index: MemberIndex;
  readonly userId: UserId;
  readonly joinedAtMs: number;
  readonly connection: number;
  readonly userSessionId: UserSessionId | null;
  readonly token: AuthorizationToken | null;
  readonly mintedFrom: number | null;
  readonly resumeHashes: readonly string[];
  /** The watch on the user session that the seat is bound to; null when it is bound to none. */
  readonly watch: Watch | null;
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
