/**
 * Compares a room with its session in the store. The room takes over what changed elsewhere, and members removed
 * elsewhere go. What only one of the two has lost is reported to the caller, who puts it right.
 */
import type { RemovalReason } from '../../ports/enforcer.js';
import type { HeldMember, HeldSeat, HeldSession } from '../../ports/relay-home.js';
import type { Member } from '../room/member.js';
import type { Room } from '../room/room.js';
import { viewOfSession } from '../room/views.js';

/** When the store was asked, and the room's state at that time. The answer says nothing about later changes. */
export interface Sight {
  readonly atMs: number;
  readonly term: number;
}

export interface Difference {
  /** The store has lost something that the room has. */
  readonly storeHasLost: boolean;
  /** Seats that are taken in the store, but whose members the room does not know. */
  readonly unclaimed: readonly HeldMember[];
}

/** The store may already have given back the seat of a member whose window ends within this time. */
const NEARLY_GONE_MS = 2000;

export function reconcile(room: Room, sight: Sight, found: HeldSession): Difference {
  const { session } = found;
  const unclaimed = room.copy.unclaimed(withoutMember(room, found), sight.atMs);
  const isBehind = session.homeEpoch < room.session.homeEpoch || session.host.term < sight.term;
  const hasLostMembers = judgeMembers(room, sight, found);
  if (room.copy.revision !== null && found.revision < room.copy.revision) {
    room.copy.addBars(found.bars);
    return { storeHasLost: true, unclaimed: [] };
  }
  takeOver(room, found, sight.atMs);
  return { storeHasLost: isBehind || hasLostMembers, unclaimed };
}

/**
 * Drops the members that the store removed. Returns whether the room has other members that the store does not know.
 */
function judgeMembers(room: Room, sight: Sight, found: HeldSession): boolean {
  const seats = new Map(found.seats.flatMap((seat) => (seat.member === null ? [] : [[seat.member.index, seat]])));
  let hasLost = false;
  for (const member of [...room.members.values()]) {
    if (member.seatedAtMs >= sight.atMs || isGoing(member, sight.atMs)) continue;
    const held = memberOn(seats.get(member.index), member);
    const reason = held === null ? removalOf(member, room.copy.barOf(member.userId), found) : null;
    if (reason !== null) remove(room, member, reason);
    else if (held === null || held.connection < member.connection) hasLost = true;
    else room.learnResumeHashes(member, held.resumeHashes);
  }
  return hasLost;
}

function withoutMember(room: Room, { seats }: HeldSession): readonly HeldMember[] {
  return seats.flatMap(({ member }) => (member === null || room.members.has(member.index) ? [] : [member]));
}

function takeOver(room: Room, found: HeldSession, askedAtMs: number): void {
  const { copy } = room;
  const known = copy.bars;
  copy.take(found);
  copy.addBars(known);
  if (room.settledAtMs < askedAtMs) takeSettings(room, found);
  else copy.isSuspect = true;
  // If the host is leaving, its successor is announced after its departure.
  const host = room.host.index === null ? undefined : room.members.get(room.host.index);
  if (host === undefined || !isGoing(host, askedAtMs)) room.applyHost(found.session.host);
}

function takeSettings(room: Room, { session }: HeldSession): void {
  const before = JSON.stringify(viewOfSession(room.session));
  room.takeSettings(session);
  if (JSON.stringify(viewOfSession(room.session)) !== before) room.announceSettings();
}

/** The member leaves, or will soon: whether the store still has its seat proves nothing. */
function isGoing({ standing }: Member, nowMs: number): boolean {
  return standing.kind === 'leaving' || (standing.kind === 'away' && standing.untilMs - nowMs < NEARLY_GONE_MS);
}

function memberOn(seat: HeldSeat | undefined, { userId }: Member): HeldMember | null {
  return seat?.userId === userId ? seat.member : null;
}

/** Why the store removed the member; null when nothing says that it did. */
function removalOf({ userId }: Member, barBefore: number, { bars }: HeldSession): RemovalReason | null {
  for (const bar of bars) {
    if (bar.kind === 'removed' && bar.userId === userId && bar.generation > barBefore) return bar.reason ?? 'kicked';
  }
  return null;
}

function remove(room: Room, member: Member, reason: RemovalReason): void {
  room.copy.forget(member.userId);
  if (room.remove(member.index, reason)) room.copy.closedBeforeOrder(member.index);
}
