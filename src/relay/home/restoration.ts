/** A session as its home puts it back: the live state of the room, and the home's copy of the rest. */
import type { Bar, HeldMember, HeldSeat, Restoration } from '../../ports/relay-home.js';
import type { Member, Standing } from '../room/member.js';
import type { Room } from '../room/room.js';

/** `instead`: the revision that the store still has; null when it has nothing of the session. */
export function restorationOf(room: Room, instead: number | null, nowMs: number): Restoration {
  const { copy, session, host } = room;
  const members = [...room.members.values()].map((member) => [member, heldMember(member, nowMs)] as const);
  const byUser = new Map(members.map(([{ userId }, held]) => [userId, held]));
  const kept = copy.seats.map((seat) => {
    const member = byUser.get(seat.userId) ?? null;
    return { ...seat, member, held: member !== null || (seat.held && seat.member === null) };
  });
  const known = new Set(kept.map(({ userId }) => userId));
  const minted = members.filter(([{ userId }]) => !known.has(userId));
  return {
    session: { ...session, host },
    revision: copy.revision ?? 0,
    seats: [...kept, ...minted.map(([member, held]) => mintedSeat(member, held))],
    bars: [...barsOf(room)],
    leftMs: Math.max(1, Math.ceil(copy.endsAtMs - nowMs)),
    nextIndex: copy.nextIndex,
    instead,
  };
}

function heldMember(member: Member, nowMs: number): HeldMember {
  const { index, joinedAtMs, connection, userSessionId, resumeHashes, standing } = member;
  const awayLeftMs = awayLeft(standing, nowMs);
  return { index, joinedAtMs, connection, userSessionId, resumeHashes, awayLeftMs };
}

/** null: the member is connected. 0: it has neither a socket nor time left. */
function awayLeft(standing: Standing, nowMs: number): number | null {
  switch (standing.kind) {
    case 'connected':
      return null;
    case 'away':
      return Math.max(0, Math.ceil(standing.untilMs - nowMs));
    case 'leaving':
    case 'gone':
      return 0;
  }
}

function mintedSeat({ userId }: Member, member: HeldMember): HeldSeat {
  return { userId, token: null, address: null, latitude: null, longitude: null, held: true, group: null, member };
}

/**
 * The bars that the home knows, and one for each member whose minted credential is still valid. All other credentials
 * that were minted before the session was lost are invalid.
 */
function barsOf({ copy, members }: Room): readonly Bar[] {
  const ofMembers = [...members.values()].flatMap(({ userId, mintedFrom }): Bar[] => {
    if (mintedFrom === null || mintedFrom < copy.barOf(userId)) return [];
    return [{ kind: 'removed', userId, generation: mintedFrom, reason: null }];
  });
  const raised = new Set(ofMembers.map((bar) => (bar.kind === 'removed' ? bar.userId : null)));
  return [...copy.bars.filter((bar) => bar.kind !== 'removed' || !raised.has(bar.userId)), ...ofMembers];
}
