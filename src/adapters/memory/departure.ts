/** How members and users leave, and what happens to the host role. The caller has checked that they may. */
import type { RemovalReason } from '../../ports/enforcer.js';
import type { AwayReason, DepartureReason } from '../../ports/event.js';
import type { RemovedUser } from '../../ports/relay-seat.js';
import type { MemberIndex } from '../../protocol/ids.js';
import { isKept, viewHost, type MemberState, type SeatState, type SessionState } from './session-state.js';

export interface Place {
  readonly seat: SeatState;
  readonly member: MemberState;
}

/** The member's socket is lost: its resume window runs from now. */
export function setAway(session: SessionState, { seat, member }: Place, why: AwayReason, nowMs: number): void {
  const { index, awayUntilMs } = member;
  if (awayUntilMs === null) session.changes.push({ type: 'member.away', why, userId: seat.userId, index });
  member.awayUntilMs = nowMs + session.facts.resumeWindowMs;
}

/** A member leaves for good: gives its seat back; a listed user keeps the authorization. */
export function departMember(
  session: SessionState,
  seat: SeatState,
  member: MemberState,
  why: DepartureReason,
  nowMs: number,
): void {
  dropMember(session, seat, member, why, nowMs);
  if (session.host.index === member.index) passHostOn(session);
}

/** Gives back every seat whose resume window has passed, the earliest first. The host role moves at most once. */
export function purgeOverdue(session: SessionState, nowMs: number): void {
  const overdue: Place[] = [];
  for (const seat of session.members.values()) {
    const { member } = seat;
    if (member !== null && isOverdue(member, nowMs)) overdue.push({ seat, member });
  }
  if (overdue.length === 0) return;
  overdue.sort((a, b) => (a.member.awayUntilMs ?? 0) - (b.member.awayUntilMs ?? 0));
  const hostIndex = session.host.index;
  for (const { seat, member } of overdue) dropMember(session, seat, member, 'timeout', nowMs);
  if (overdue.some(({ member }) => member.index === hostIndex)) passHostOn(session);
}

/**
 * Removes a user's member, seat and authorization, and invalidates the user's minted credentials. `reason` is kept for
 * later readers; `why` is what the event says.
 */
export function removeUser(
  session: SessionState,
  seat: SeatState,
  { reason, why }: { readonly reason: RemovalReason; readonly why: DepartureReason },
  nowMs: number,
): RemovedUser {
  const { member } = seat;
  outdateMinted(session, seat, reason);
  if (member !== null) departMember(session, seat, member, why, nowMs);
  if (seat.token !== null) session.tokens.set(seat.token, null);
  if (seat.group !== null) session.wallets.delete(seat.group.wallet);
  if (seat.held) session.held -= 1;
  session.seats.delete(seat.userId);
  // The creator had not connected; the first member to connect has waited for the role.
  if (session.host.index === null && seat.userId === session.facts.group?.creatorId) passHostOn(session);
  return Object.freeze({ userId: seat.userId, index: member?.index ?? null, host: viewHost(session) });
}

/** Raises the session's generation and requires it of this user's minted credentials. */
export function outdateMinted(
  session: SessionState,
  { userId }: Pick<SeatState, 'userId'>,
  reason: RemovalReason | null,
): void {
  session.generation += 1;
  const before = session.removed.get(userId)?.reason ?? null;
  session.removed.set(userId, { generation: session.generation, reason: reason ?? before });
}

export function isOverdue(member: MemberState, nowMs: number): boolean {
  return member.awayUntilMs !== null && member.awayUntilMs <= nowMs;
}

export function setHost(session: SessionState, index: MemberIndex): void {
  session.host = { index, term: session.host.term + 1 };
}

function dropMember(
  session: SessionState,
  seat: SeatState,
  member: MemberState,
  why: DepartureReason,
  nowMs: number,
): void {
  session.changes.push({ type: 'member.left', why, userId: seat.userId, index: member.index });
  session.members.delete(member.index);
  session.indexes.free(member.index, nowMs);
  session.held -= 1;
  seat.held = false;
  seat.member = null;
  if (!isKept(seat)) session.seats.delete(seat.userId);
}

function passHostOn(session: SessionState): void {
  const heir = session.members.keys().next();
  if (heir.done === true) session.host = { index: null, term: session.host.term };
  else setHost(session, heir.value);
}
