/** How a backend or a host removes users: revoke and kick. */
import type { KickRequest, KickResult, RevokeResult, UserSelector } from '../../ports/relay-seat.js';
import type { AuthorizationToken, UserId } from '../../protocol/ids.js';
import { outdateMinted, removeUser } from './departure.js';
import { viewSeats, viewSession, type SeatState, type SessionState } from './session-state.js';

export function revoke(session: SessionState, token: AuthorizationToken, nowMs: number): RevokeResult {
  const userId = session.tokens.get(token);
  if (userId === null) return { outcome: 'revoked_before' };
  const seat = userId === undefined ? undefined : session.seats.get(userId);
  if (seat === undefined) return { outcome: 'token_not_found' };
  session.changes.push({ type: 'user.revoked', userId: seat.userId });
  const removed = removeUser(session, seat, { reason: 'revoked', why: 'revoked' }, nowMs);
  session.revision += 1;
  return { outcome: 'revoked', removed, session: viewSession(session), seats: viewSeats(session) };
}

export function kick(
  session: SessionState,
  request: Omit<KickRequest, 'sessionId' | 'scope'>,
  nowMs: number,
): KickResult {
  const { selector, ban, isOwnWish = false } = request;
  const seat = select(session, selector);
  const userId = selector.by === 'user_id' ? selector.userId : seat?.userId;
  if (userId === undefined) return { outcome: 'no_match' };
  session.revision += 1;
  const isNewlyBanned = ban && addBan(session, userId, seat);
  if (isNewlyBanned) session.changes.push({ type: 'user.banned', userId });
  if (seat === undefined) {
    outdateMinted(session, { userId }, null);
    return { outcome: 'no_match' };
  }
  if (!isNewlyBanned && seat.member === null) session.changes.push({ type: 'user.revoked', userId });
  const reason = isOwnWish ? 'left' : 'kicked';
  return { outcome: 'kicked', removed: removeUser(session, seat, { reason, why: ban ? 'banned' : reason }, nowMs) };
}

/** False when the user is banned already. */
function addBan({ banned, bannedWallets }: SessionState, userId: UserId, seat: SeatState | undefined): boolean {
  const isNew = !banned.has(userId);
  banned.add(userId);
  if (seat?.group != null) bannedWallets.add(seat.group.wallet);
  return isNew;
}

function select(session: SessionState, selector: UserSelector): SeatState | undefined {
  if (selector.by === 'index') return session.members.get(selector.index);
  const userId = selector.by === 'user_id' ? selector.userId : session.tokens.get(selector.token);
  return userId === undefined || userId === null ? undefined : session.seats.get(userId);
}
