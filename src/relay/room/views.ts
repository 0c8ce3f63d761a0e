/** A room as others see it: its session and members in control frames, its members in answers to backends. */
import type { Role, SessionView } from '../../protocol/server-control.js';
import type { RelaySession } from '../../ports/relay-session.js';
import type { Member, MemberStatus } from './member.js';

interface Roles {
  readonly members: ReadonlyMap<number, Member>;
  roleOf(index: number): Role;
}

export function viewOfSession({ id, metadata, maxUsers, expiresAtMs, locked }: RelaySession): SessionView {
  return { id, metadata, max_users: maxUsers, expires_at: expiresAtMs, locked };
}

/** The members as control frames show them, encoded. */
export function viewsOfMembers(room: Roles): readonly string[] {
  return Array.from(room.members.values(), (member) => member.view(room.roleOf(member.index)));
}

export function statusesOf(room: Roles): readonly MemberStatus[] {
  return [...room.members.values()].map(({ index, userId, outlet, state, joinedAtMs, dropped, metadata }) => ({
    index,
    userId,
    role: room.roleOf(index),
    connected: outlet !== null,
    state,
    joinedAtMs,
    dropped,
    metadata,
  }));
}
