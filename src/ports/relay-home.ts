/** A home's view of its session beyond the live part: enough to compare it with the store, and to put it back. */
import type { SessionId, UserId } from '../protocol/ids.js';
import type { Seat, SeatMember } from './relay-seat.js';
import type { RelaySession } from './relay-session.js';

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
  /** The lowest index that was never assigned. */
  readonly nextIndex: number;
  /** The revision to replace in the store; null: the store has none. */
  readonly instead: number | null;
}
