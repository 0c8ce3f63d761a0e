/** The members of all rooms of this node by their user, for questions about users. Rosters keep it. */
import { ListsByKey } from '../../lib/lists-by-key.js';
import type { UserId } from '../../protocol/ids.js';
import type { Role } from '../../protocol/server-control.js';
import type { RelaySession } from '../../ports/relay-session.js';
import type { Member } from './member.js';

/** The room that a member is in. */
export interface MemberRoom {
  readonly session: RelaySession;
  roleOf(index: number): Role;
}

export interface PlacedMember {
  readonly member: Member;
  readonly room: MemberRoom;
}

export class MembersByUser {
  private readonly lists = new ListsByKey<UserId, PlacedMember>();

  /** The number of users with a member. */
  get size(): number {
    return this.lists.size;
  }

  of(userId: UserId): readonly PlacedMember[] {
    return this.lists.of(userId);
  }

  add(member: Member, room: MemberRoom): void {
    this.lists.add(member.userId, { member, room });
  }

  remove(member: Member): void {
    this.lists.remove(member.userId, (placed) => placed.member === member);
  }
}
