import type { AuthorizationToken, MemberIndex, UserId, UserSessionId } from '../../protocol/ids.js';
import { encodeMember, type StateText } from '../../protocol/presence.js';
import type { Role } from '../../protocol/server-control.js';
import type { Watch } from '../../ports/user-session-watches.js';
import type { Member, MemberPast, SeatTaken, Standing } from './member.js';
import type { Outlet } from './outlet.js';

/**
 * A member that its room can change; only the roster and the room import this. It is a class so that all members have
 * one shape: objects made by a spread had a shape each, and finding a member for each message took longer.
 */
export class LiveMember implements Member {
  readonly index: MemberIndex;
  readonly userId: UserId;
  readonly joinedAtMs: number;
  readonly firstSeq: number;
  token: AuthorizationToken | null;
  mintedFrom: number | null;
  resumeHashes: readonly string[];
  userSessionId: UserSessionId | null;
  connection: number;
  seatedAtMs = -Infinity;
  state: StateText;
  dropped: number;
  metadata: string | null;
  watch: Watch | null;
  /** Kept beside the standing because each frame reads it. */
  outlet: Outlet | null = null;
  private current: Standing;
  /** The last view, kept because each welcome has the views of all members; and what it was made of. */
  private shown = '';
  private shownRole: Role | null = null;
  private shownConnected = false;
  private shownState: StateText | null = null;

  constructor(seat: SeatTaken, { firstSeq, state, dropped, metadata }: MemberPast, standing: Standing) {
    this.index = seat.index;
    this.userId = seat.userId;
    this.joinedAtMs = seat.joinedAtMs;
    this.firstSeq = firstSeq;
    this.state = state;
    this.dropped = dropped;
    this.metadata = metadata;
    this.token = seat.token;
    this.mintedFrom = seat.mintedFrom;
    this.resumeHashes = seat.resumeHashes;
    this.userSessionId = seat.userSessionId;
    this.connection = seat.connection;
    this.watch = seat.watch;
    this.current = standing;
    this.outlet = standing.kind === 'connected' ? standing.outlet : null;
  }

  get standing(): Standing {
    return this.current;
  }

  /** The one way from one standing to the next. */
  settle(next: Standing): void {
    if (this.current.kind === 'away') this.current.timer.cancel();
    this.current = next;
    this.outlet = next.kind === 'connected' ? next.outlet : null;
  }

  view(role: Role): string {
    const { index, userId, state } = this;
    const connected = this.outlet !== null;
    if (role !== this.shownRole || connected !== this.shownConnected || state !== this.shownState) {
      this.shown = encodeMember({ index, user_id: userId, role, connected, state });
      this.shownRole = role;
      this.shownConnected = connected;
      this.shownState = state;
    }
    return this.shown;
  }

  /** Replaces the member's watch, and stops the old one. */
  watchBy(watch: Watch | null): void {
    if (this.watch !== watch) this.watch?.stop();
    this.watch = watch;
  }
}
