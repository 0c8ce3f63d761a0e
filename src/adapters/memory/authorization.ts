/** How users get the right to be in a session: listed by a backend, or by a wallet of their own. */
import type { AuthorizeResult, EnrolResult, NewGroupSeat, NewSeat } from '../../ports/relay-seat.js';
import { isOverdue, purgeOverdue, removeUser } from './departure.js';
import { addListed, addWallet, reused, viewSeat, viewSession, type SessionState } from './session-state.js';

export function authorize(session: SessionState, seat: NewSeat, nowMs: number): AuthorizeResult {
  for (const other of session.seats.values()) {
    if (other.token !== null && other.address === seat.address) return { outcome: 'address_already_authorized' };
  }
  if (session.held >= session.facts.maxUsers) purgeOverdue(session, nowMs);
  if (session.held >= session.facts.maxUsers) return { outcome: 'session_full' };
  if (session.tokens.has(seat.token) || session.facts.authorizationToken === seat.token) {
    return { outcome: 'token_taken' };
  }
  const added = addListed(session, seat);
  if (added === null) throw reused();
  session.revision += 1;
  const { userId, address } = seat;
  session.changes.push({ type: 'user.authorized', userId, address, wallet: null });
  return { outcome: 'authorized', session: viewSession(session), seat: viewSeat(added) };
}

export function enrol(session: SessionState, seat: NewGroupSeat, nowMs: number): EnrolResult {
  const { facts, seats, wallets } = session;
  const { userId, group } = seat;
  if (facts.group === null) return { outcome: 'session_not_found' };
  if (session.bannedWallets.has(group.wallet)) return { outcome: 'banned' };
  const formerId = wallets.get(group.wallet);
  const former = formerId === undefined ? undefined : seats.get(formerId);
  if (former?.member != null && isOverdue(former.member, nowMs)) purgeOverdue(session, nowMs);
  if (former?.held === true) return { outcome: 'already_member' };
  if (facts.locked) return { outcome: 'session_locked' };
  if (session.held >= facts.maxUsers) purgeOverdue(session, nowMs);
  if (session.held >= facts.maxUsers) return { outcome: 'session_full' };
  if (seats.has(userId)) throw reused();
  if (former !== undefined) {
    session.changes.push({ type: 'user.revoked', userId: former.userId });
    removeUser(session, former, { reason: 'left', why: 'left' }, nowMs);
  }
  const added = addWallet(session, seat);
  if (added === null) throw reused();
  session.revision += 1;
  session.changes.push({ type: 'user.authorized', userId, address: null, wallet: group.wallet });
  return { outcome: 'enrolled', session: viewSession(session), seat: viewSeat(added) };
}
