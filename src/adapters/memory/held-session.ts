/** The state that a home compares its rooms with, and how it puts a session back. */
import { deepFreeze } from '../../lib/deep-freeze.js';
import type {
  Bar,
  HeldMember,
  HeldSeat,
  HeldSession,
  HomeClaim,
  HomeState,
  Restoration,
} from '../../ports/relay-home.js';
import type { NodeId } from '../../protocol/ids.js';
import { IndexPool } from './index-pool.js';
import { viewSeats, viewSession, type MemberState, type SeatState, type SessionState } from './session-state.js';

export function compare(session: SessionState, home: NodeId, claim: HomeClaim, nowMs: number): HomeState {
  const { expiresAtMs, homeEpoch, homeNodeId } = session.facts;
  const leftMs = expiresAtMs - nowMs;
  if (leftMs <= 0) return { state: 'expired' };
  if (homeEpoch > claim.homeEpoch) return { state: 'elsewhere' };
  if (homeEpoch === claim.homeEpoch && homeNodeId !== home) return { state: 'elsewhere' };
  const isSame = session.revision === claim.revision && session.members.size === claim.members;
  if (homeEpoch === claim.homeEpoch && isSame) return { state: 'same', leftMs };
  return { state: 'changed', leftMs, held: viewHeld(session, nowMs) };
}

/** Restores a lost session. `there` is what is left of it in the store. */
export function putBack(lost: Restoration, there: SessionState | null, position: number, nowMs: number): SessionState {
  const { host, generation, ...facts } = structuredClone(lost.session);
  const session: SessionState = {
    facts: deepFreeze({ ...facts, expiresAtMs: nowMs + lost.leftMs }),
    host,
    toldHost: host,
    changes: [],
    generation: Math.max(generation, there?.generation ?? 0),
    held: 0,
    seats: new Map(),
    tokens: new Map(),
    wallets: new Map(),
    members: new Map(),
    indexes: new IndexPool(),
    removed: new Map(there?.removed),
    floor: there?.floor ?? 0,
    revision: Math.max(lost.revision, there?.revision ?? 0) + 1,
    banned: new Set(there?.banned),
    bannedWallets: new Set(there?.bannedWallets),
    position: there?.position ?? position,
  };
  if (there === null || there.facts.homeEpoch < facts.homeEpoch) {
    // Credentials minted and users barred in between are unknown. A time in milliseconds exceeds any count of removals.
    session.generation = Math.max(session.generation + 1, nowMs);
    session.floor = session.generation;
  }
  for (const bar of lost.bars) addBar(session, bar);
  for (const seat of lost.seats) addSeat(session, seat, nowMs);
  const members = [...session.seats.values()].flatMap((seat) =>
    seat.member === null ? [] : [{ seat, ...seat.member }],
  );
  for (const { index, seat } of members.sort((a, b) => a.joinedAtMs - b.joinedAtMs)) session.members.set(index, seat);
  session.indexes.resume(lost.nextIndex, session.members, nowMs);
  return session;
}

function viewHeld(session: SessionState, nowMs: number): HeldSession {
  const seats = viewSeats(session).map((seat): HeldSeat => {
    const member = session.seats.get(seat.userId)?.member ?? null;
    return { ...seat, member: member === null ? null : viewMember(member, nowMs) };
  });
  return deepFreeze({ session: viewSession(session), revision: session.revision, seats, bars: viewBars(session) });
}

function viewMember(member: MemberState, nowMs: number): HeldMember {
  const { index, joinedAtMs, connection, awayUntilMs, resume, resumePrevious, userSessionId } = member;
  return {
    index,
    joinedAtMs,
    connection,
    userSessionId,
    awayLeftMs: awayUntilMs === null ? null : Math.max(0, awayUntilMs - nowMs),
    resumeHashes: resumePrevious === null ? [resume] : [resume, resumePrevious],
  };
}

function viewBars({ removed, banned, bannedWallets }: SessionState): readonly Bar[] {
  return [
    ...[...removed].map(([userId, { generation, reason }]) => ({
      kind: 'removed' as const,
      userId,
      generation,
      reason,
    })),
    ...[...banned].map((userId) => ({ kind: 'banned' as const, userId })),
    ...[...bannedWallets].map((wallet) => ({ kind: 'banned_wallet' as const, wallet })),
  ];
}

function addBar({ removed, banned, bannedWallets }: SessionState, bar: Bar): void {
  if (bar.kind === 'banned') banned.add(bar.userId);
  else if (bar.kind === 'banned_wallet') bannedWallets.add(bar.wallet);
  else removed.set(bar.userId, { generation: bar.generation, reason: bar.reason });
}

function addSeat(session: SessionState, { member, ...seat }: HeldSeat, nowMs: number): void {
  const added: SeatState = { ...structuredClone(seat), member: null };
  if (member !== null) added.member = memberOf(member, nowMs);
  session.seats.set(seat.userId, added);
  if (seat.token !== null) session.tokens.set(seat.token, seat.userId);
  if (seat.group !== null) session.wallets.set(seat.group.wallet, seat.userId);
  if (seat.held) session.held += 1;
}

function memberOf({ awayLeftMs, resumeHashes, ...member }: HeldMember, nowMs: number): MemberState {
  const [resume = '', resumePrevious = null] = resumeHashes;
  return { ...member, awayUntilMs: awayLeftMs === null ? null : nowMs + awayLeftMs, resume, resumePrevious };
}
