/**
 * The members of a room, where each stands, and the way out to each one's socket. It changes them and tells nobody:
 * its room announces the changes.
 */
import { NO_STATE } from '../../protocol/presence.js';
import type { Clock } from '../../ports/clock.js';
import { LiveMember } from './live-member.js';
import type { Member, MemberPast, SeatTaken } from './member.js';
import type { MemberRoom, MembersByUser } from './members-by-user.js';
import type { Outlet } from './outlet.js';

export interface RosterDeps {
  readonly room: MemberRoom;
  readonly membersByUser: MembersByUser;
  readonly clock: Clock;
  /** From now on the member's outlet sends nothing but its close. */
  readonly releaseOutlet: (index: number) => void;
  /** The resume window of a member has passed; the member is still away. */
  readonly onWindowPassed: (member: Member) => void;
}

export class Roster {
  private readonly live = new Map<number, LiveMember>();

  constructor(private readonly deps: RosterDeps) {}

  get members(): ReadonlyMap<number, LiveMember> {
    return this.live;
  }

  /** The member as it can be changed; null once it has left this room. */
  find(member: Member): LiveMember | null {
    const live = this.live.get(member.index);
    return live === member ? live : null;
  }

  /** Gives the seat's member its socket. A new member is not sent entries up to `newestSeq`. */
  connect(seat: SeatTaken, outlet: Outlet, newestSeq: number): LiveMember {
    const standing = { kind: 'connected', outlet } as const;
    const known = this.live.get(seat.index);
    const past = { firstSeq: newestSeq, state: NO_STATE, dropped: 0, metadata: seat.metadata };
    const member = known ?? this.add(new LiveMember(seat, past, standing));
    member.settle(standing);
    member.watchBy(seat.watch);
    member.resumeHashes = seat.resumeHashes;
    member.metadata = seat.metadata ?? member.metadata;
    member.mintedFrom = seat.mintedFrom ?? member.mintedFrom;
    member.userSessionId = seat.userSessionId;
    this.takeSeat(member, seat.connection);
    return member;
  }

  /** Adds a member without a socket, for the rest of its resume window. */
  addAway(seat: SeatTaken, leftMs: number, past: MemberPast): LiveMember {
    return this.add(new LiveMember(seat, past, { kind: 'away', ...this.countdown(seat.index, leftMs) }));
  }

  /** The member has no socket any more. Its resume window begins, or begins anew. */
  keep(member: LiveMember, leftMs: number): void {
    this.disconnect(member);
    member.settle({ kind: 'away', ...this.countdown(member.index, leftMs) });
  }

  /** From now on, calls to the store about the seat carry this connection number. */
  takeSeat(member: LiveMember, connection: number): void {
    member.connection = connection;
    member.seatedAtMs = this.deps.clock.monotonicMs();
  }

  /** Returns the outlet that the member had, which can only be closed. The caller settles where the member stands. */
  disconnect(member: LiveMember): Outlet | null {
    const { outlet } = member;
    if (outlet === null) return null;
    member.outlet = null;
    this.deps.releaseOutlet(member.index);
    return outlet;
  }

  /** The member is gone. Returns the outlet that it had, which can only be closed. */
  remove(member: LiveMember): Outlet | null {
    this.live.delete(member.index);
    this.deps.membersByUser.remove(member);
    member.watchBy(null);
    const outlet = this.disconnect(member);
    member.settle({ kind: 'gone' });
    return outlet;
  }

  private add(member: LiveMember): LiveMember {
    this.live.set(member.index, member);
    this.deps.membersByUser.add(member, this.deps.room);
    return member;
  }

  private countdown(index: number, leftMs: number) {
    const { clock, onWindowPassed } = this.deps;
    const timer = clock.after(leftMs, () => {
      const member = this.live.get(index);
      if (member?.standing.kind === 'away' && member.standing.timer === timer) onWindowPassed(member);
    });
    return { untilMs: clock.monotonicMs() + leftMs, timer };
  }
}
