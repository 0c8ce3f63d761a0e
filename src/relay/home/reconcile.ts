/**
 * A room and its session as the store tells it: what changed elsewhere is taken over, whoever was removed elsewhere goes.
 * What one of the two has lost is found here, and put right by whoever asked.
 */
import type { RemovalReason } from '../../ports/enforcer.js';
import type { HeldMember, HeldSeat, HeldSession } from '../../ports/relay-home.js';
import type { Member } from '../room/member.js';
import type { Room } from '../room/room.js';
import { viewOfSession } from '../room/views.js';

/** When the store was asked, and what of the room rises with its answers: what came later is not this answer's to judge. */
export interface Sight {
  readonly atMs: number;
  readonly term: number;
}

export interface Difference {
  /** The store has lost something that the room has. */
  readonly storeHasLost: boolean;
  /** Seats that the store thinks taken, and nobody of the room is on. */
  readonly unclaimed: readonly HeldMember[];
}

/** A member whose window ends so soon may have been given back by the store already. */
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

/** Those whom the store removed go. Whether there are others whom it does not know. */
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
  // A host that leaves is succeeded when the others have heard that it left.
  const host = room.host.index === null ? undefined : room.members.get(room.host.index);
  if (host === undefined || !isGoing(host, askedAtMs)) room.applyHost(found.session.host);
}

function takeSettings(room: Room, { session }: HeldSession): void {
  const before = JSON.stringify(viewOfSession(room.session));
  const { homeNodeId, homeEpoch } = room.session;
  room.takeSettings({ ...session, homeNodeId, homeEpoch });
  if (JSON.stringify(viewOfSession(room.session)) !== before) room.announceSettings();
}

/** It leaves, or nearly: whether it has a seat by now is no sign of anything. */
function isGoing({ standing }: Member, nowMs: number): boolean {
  return standing.kind === 'leaving' || (standing.kind === 'away' && standing.untilMs - nowMs < NEARLY_GONE_MS);
}

function memberOn(seat: HeldSeat | undefined, { userId }: Member): HeldMember | null {
  return seat?.userId === userId ? seat.member : null;
}

/** Why the store took the member's seat; null when nothing says that it did. */
function removalOf({ userId }: Member, barBefore: number, { bars }: HeldSession): RemovalReason | null {
  for (const bar of bars) {
    if (bar.kind === 'removed' && bar.userId === userId && bar.generation > barBefore) return bar.reason ?? 'kicked';
  }
  return null;
}

function remove(room: Room, member: Member, reason: RemovalReason): void {
  room.copy.forget(member.userId);
  room.remove(member.index, reason);
}
