/** The members of all rooms of this node by their user, for questions about users. Rosters keep it. */
import type { UserId } from '../../protocol/ids.js';
import type { Role } from '../../protocol/server-control.js';
import type { RelaySession } from '../../ports/relay-session.js';
import type { Member } from './member.js';

/** The room that a member is in. */
export interface MemberRoom {
  readonly session: RelaySession;
  roleOf(index: number): Role;
}

export class MembersByUser {
  private readonly byUser = new Map<UserId, Map<Member, MemberRoom>>();

  /** The number of users with a member. */
  get size(): number {
    return this.byUser.size;
  }

  of(userId: UserId): ReadonlyMap<Member, MemberRoom> {
    return this.byUser.get(userId) ?? new Map<Member, MemberRoom>();
  }

  add(member: Member, room: MemberRoom): void {
    const members = this.byUser.get(member.userId);
    if (members === undefined) this.byUser.set(member.userId, new Map([[member, room]]));
    else members.set(member, room);
  }

  remove(member: Member): void {
    const members = this.byUser.get(member.userId);
    if (members?.delete(member) === true && members.size === 0) this.byUser.delete(member.userId);
  }
}
