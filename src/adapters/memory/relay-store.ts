import { deepFreeze } from '../../lib/deep-freeze.js';
import { decodeCursor, encodeCursor } from '../../lib/cursor.js';
import type { Clock } from '../../ports/clock.js';
import type { HomeClaim, HomeState, Restoration } from '../../ports/relay-home.js';
import type { JoinRequest, JoinResult, LeaveResult, SeatHold } from '../../ports/relay-join.js';
import type {
  AuthorizeResult,
  EnrolResult,
  KickRequest,
  KickResult,
  ListRequest,
  MintResult,
  NewGroupSeat,
  NewSeat,
  RevokeResult,
  SessionPage,
  SessionWithSeats,
  UserSelector,
} from '../../ports/relay-seat.js';
import type {
  HomeHold,
  Host,
  NewRelaySession,
  ProjectScope,
  RelaySession,
  RelaySessionSettings,
} from '../../ports/relay-session.js';
import { OVER_KEPT_MS, type HomeNow, type RelayStore } from '../../ports/relay-store.js';
import { Failure } from '../../protocol/failure.js';
import type { AuthorizationToken, MemberIndex, NodeId, SessionId, UserId } from '../../protocol/ids.js';
import { join } from './join.js';
import { ExpiringMap, type MapBound } from './expiring-map.js';
import { compare, putBack } from './held-session.js';
import { departMember, isOverdue, outdateMinted, purgeOverdue, removeUser, setHost } from './departure.js';
import {
  addListed,
  addWallet,
  inScope,
  newSession,
  viewHost,
  viewSeat,
  viewSeats,
  viewSession,
  viewWithSeats,
  type MemberState,
  type SeatState,
  type SessionState,
} from './session-state.js';

/**
 * The oldest note goes first. The one home of this store hears of an end in the same turn; the note only matters to a
 * room that missed it, and 100,000 sessions with members would have to end before that room looks, every 2 s.
 */
const OVER_BOUND: MapBound = { most: 100_000, whenFull: 'drop' };

/** `sessions`: empty; only this store changes it. Ordered by creation. Expired sessions stay until swept. */
export function createMemoryRelayStore(clock: Clock, sessions: Map<SessionId, SessionState>): RelayStore {
  return new MemoryRelayStore(clock, sessions);
}

/** Relay sessions in this process. Each method is atomic because none awaits. */
class MemoryRelayStore implements RelayStore {
  readonly #clock: Clock;
  readonly #sessions: Map<SessionId, SessionState>;
  readonly #over: ExpiringMap<SessionId, 'ended' | 'expired'>;
  #position = 0;

  constructor(clock: Clock, sessions: Map<SessionId, SessionState>) {
    this.#clock = clock;
    this.#sessions = sessions;
    this.#over = new ExpiringMap(clock, OVER_BOUND);
  }

  async create(created: NewRelaySession, seats: readonly (NewSeat | NewGroupSeat)[]): Promise<SessionWithSeats> {
    if (this.#sessions.has(created.id)) throw new Failure('internal', { cause: new Error('session id is taken') });
    this.#position += 1;
    const session = newSession(created, this.#position, this.#clock.nowMs());
    for (const seat of seats) {
      if (('group' in seat ? addWallet(session, seat) : addListed(session, seat)) === null) throw reused();
    }
    this.#sessions.set(created.id, session);
    return viewWithSeats(session);
  }

  async get(id: SessionId, scope: ProjectScope): Promise<SessionWithSeats | null> {
    const session = this.#find(id, scope);
    return session === null ? null : viewWithSeats(session);
  }

  async list({ scope, from, limit }: ListRequest): Promise<SessionPage> {
    const before = 'cursor' in from ? decodeCursor(from.cursor) : Infinity;
    if (before === null) throw new Failure('invalid_request', { message: 'The cursor is invalid.' });
    const nowMs = this.#clock.nowMs();
    const all = [...this.#sessions.values()].filter(
      (session) => inScope(session, scope) && session.facts.expiresAtMs > nowMs,
    );
    const rest = all.reverse().filter((session) => session.position < before);
    const start = 'offset' in from ? from.offset : 0;
    const page = rest.slice(start, start + limit);
    const last = page.at(-1);
    return {
      sessions: page.map(viewWithSeats),
      totalCount: all.length,
      nextCursor: last === undefined || rest.length <= start + limit ? null : encodeCursor(last.position),
    };
  }

  async end(id: SessionId, scope: ProjectScope): Promise<boolean> {
    const session = this.#find(id, scope);
    if (session === null) return false;
    this.#finish(session, 'ended');
    return true;
  }

  async update(
    id: SessionId,
    scope: ProjectScope,
    change: Partial<RelaySessionSettings> & { readonly ttlMs?: number },
  ): Promise<RelaySession | null> {
    const session = this.#find(id, scope);
    if (session === null) return null;
    const { ttlMs, ...settings } = structuredClone(change);
    const expiresAtMs = ttlMs === undefined ? session.facts.expiresAtMs : this.#clock.nowMs() + ttlMs;
    session.facts = deepFreeze({ ...session.facts, ...settings, expiresAtMs });
    session.revision += 1;
    return viewSession(session);
  }

  async authorize(id: SessionId, scope: ProjectScope, seat: NewSeat): Promise<AuthorizeResult> {
    const session = this.#find(id, scope);
    if (session === null) return { outcome: 'session_not_found' };
    for (const other of session.seats.values()) {
      if (other.token !== null && other.address === seat.address) return { outcome: 'address_already_authorized' };
    }
    if (session.held >= session.facts.maxUsers) purgeOverdue(session, this.#clock.nowMs());
    if (session.held >= session.facts.maxUsers) return { outcome: 'session_full' };
    if (session.tokens.has(seat.token) || session.facts.authorizationToken === seat.token) {
      return { outcome: 'token_taken' };
    }
    const added = addListed(session, seat);
    if (added === null) throw reused();
    session.revision += 1;
    return { outcome: 'authorized', session: viewSession(session), seat: viewSeat(added) };
  }

  async enrol(id: SessionId, seat: NewGroupSeat): Promise<EnrolResult> {
    const session = this.#find(id, 'all');
    if (session?.facts.group == null) return { outcome: 'session_not_found' };
    const { facts, seats, wallets } = session;
    if (session.bannedWallets.has(seat.group.wallet)) return { outcome: 'banned' };
    const nowMs = this.#clock.nowMs();
    const formerId = wallets.get(seat.group.wallet);
    const former = formerId === undefined ? undefined : seats.get(formerId);
    if (former?.member != null && isOverdue(former.member, nowMs)) purgeOverdue(session, nowMs);
    if (former?.held === true) return { outcome: 'already_member' };
    if (facts.locked) return { outcome: 'session_locked' };
    if (session.held >= facts.maxUsers) purgeOverdue(session, nowMs);
    if (session.held >= facts.maxUsers) return { outcome: 'session_full' };
    if (seats.has(seat.userId)) throw reused();
    if (former !== undefined) removeUser(session, former, 'left', nowMs);
    const added = addWallet(session, seat);
    if (added === null) throw reused();
    session.revision += 1;
    return { outcome: 'enrolled', session: viewSession(session), seat: viewSeat(added) };
  }

  async revoke(id: SessionId, scope: ProjectScope, token: AuthorizationToken): Promise<RevokeResult> {
    const session = this.#find(id, scope);
    if (session === null) return { outcome: 'session_not_found' };
    const userId = session.tokens.get(token);
    if (userId === null) return { outcome: 'revoked_before' };
    const seat = userId === undefined ? undefined : session.seats.get(userId);
    if (seat === undefined) return { outcome: 'token_not_found' };
    const removed = removeUser(session, seat, 'revoked', this.#clock.nowMs());
    session.revision += 1;
    return { outcome: 'revoked', removed, session: viewSession(session), seats: viewSeats(session) };
  }

  async kick({ sessionId, scope, selector, ban, isOwnWish = false }: KickRequest): Promise<KickResult> {
    const session = this.#find(sessionId, scope);
    if (session === null) return { outcome: 'session_not_found' };
    const seat = select(session, selector);
    const userId = selector.by === 'user_id' ? selector.userId : seat?.userId;
    if (ban && userId !== undefined) session.banned.add(userId);
    if (ban && seat?.group != null) session.bannedWallets.add(seat.group.wallet);
    if (userId !== undefined) session.revision += 1;
    const reason = isOwnWish ? 'left' : 'kicked';
    if (seat !== undefined)
      return { outcome: 'kicked', removed: removeUser(session, seat, reason, this.#clock.nowMs()) };
    if (userId !== undefined) outdateMinted(session, { userId }, null);
    return { outcome: 'no_match' };
  }

  async mint(id: SessionId, scope: ProjectScope, userId: UserId): Promise<MintResult> {
    const session = this.#find(id, scope);
    if (session === null) return { outcome: 'session_not_found' };
    if (session.banned.has(userId)) return { outcome: 'banned' };
    return { outcome: 'mintable', generation: session.generation, expiresAtMs: session.facts.expiresAtMs };
  }

  async join(request: JoinRequest): Promise<JoinResult> {
    const session = this.#find(request.sessionId, 'all');
    if (session === null) return { outcome: 'refused', code: 'session_not_found' };
    return join(session, request, this.#clock.nowMs());
  }

  async away(hold: SeatHold): Promise<boolean> {
    const place = this.#holder(hold);
    if (place === null) return false;
    place.member.awayUntilMs = this.#clock.nowMs() + place.session.facts.resumeWindowMs;
    return true;
  }

  async leave(hold: SeatHold): Promise<LeaveResult> {
    const place = this.#holder(hold);
    if (place === null) return { outcome: 'outdated' };
    departMember(place.session, place.seat, place.member, this.#clock.nowMs());
    return { outcome: 'left', host: viewHost(place.session) };
  }

  async handOverHost(id: SessionId, home: HomeHold, from: Host, to: MemberIndex): Promise<Host | null> {
    const session = this.#find(id, 'all');
    if (session === null || !isHome(session, home)) return null;
    if (from.index === null || !session.members.has(to)) return null;
    if (session.host.index !== from.index || session.host.term !== from.term) return null;
    if (to !== from.index) {
      setHost(session, to);
      session.revision += 1;
    }
    return viewHost(session);
  }

  async claimHome(id: SessionId, from: HomeNow, to: NodeId): Promise<SessionWithSeats | null> {
    const session = this.#find(id, 'all');
    if (session?.facts.homeNodeId !== from.homeNodeId || session.facts.homeEpoch !== from.homeEpoch) return null;
    const { facts } = session;
    session.facts = deepFreeze({ ...facts, homeNodeId: to, homeEpoch: facts.homeEpoch + 1, error: null });
    const awayUntilMs = this.#clock.nowMs() + facts.resumeWindowMs;
    for (const { member } of session.members.values()) if (member !== null) member.awayUntilMs ??= awayUntilMs;
    return viewWithSeats(session);
  }

  async check(home: NodeId, claims: readonly HomeClaim[]): Promise<readonly HomeState[]> {
    const nowMs = this.#clock.nowMs();
    return claims.map((claim) => {
      const { sessionId } = claim;
      const session = this.#sessions.get(sessionId);
      if (session === undefined) return { state: this.#over.get(sessionId) ?? 'missing' };
      return compare(session, home, claim, nowMs);
    });
  }

  async restore(lost: Restoration): Promise<boolean> {
    const { id, homeNodeId, homeEpoch } = lost.session;
    const nowMs = this.#clock.nowMs();
    const there = this.#sessions.get(id) ?? null;
    if (this.#over.get(id) !== undefined) return false;
    if (there === null) {
      if (lost.instead !== null) return false;
    } else {
      const { facts, revision } = there;
      const isNewer = facts.homeEpoch === homeEpoch ? facts.homeNodeId !== homeNodeId : facts.homeEpoch > homeEpoch;
      if (facts.expiresAtMs <= nowMs || revision !== lost.instead || isNewer) return false;
    }
    this.#position += 1;
    this.#sessions.set(id, putBack(lost, there, this.#position, nowMs));
    return true;
  }

  async sweepExpired(limit: number): Promise<readonly SessionId[]> {
    const nowMs = this.#clock.nowMs();
    const due: SessionState[] = [];
    for (const session of this.#sessions.values()) {
      if (due.length >= limit) break;
      if (session.facts.expiresAtMs <= nowMs) due.push(session);
    }
    for (const session of due) this.#finish(session, 'expired');
    return due.map(({ facts }) => facts.id);
  }

  /** Remembers why a session with members is over. */
  #finish({ facts: { id }, members }: SessionState, why: 'ended' | 'expired'): void {
    this.#sessions.delete(id);
    if (members.size > 0) this.#over.set(id, why, this.#clock.nowMs() + OVER_KEPT_MS);
  }

  #find(id: SessionId, scope: ProjectScope): SessionState | null {
    const session = this.#sessions.get(id);
    if (session === undefined || !inScope(session, scope)) return null;
    return session.facts.expiresAtMs > this.#clock.nowMs() ? session : null;
  }

  #holder(hold: SeatHold): { session: SessionState; seat: SeatState; member: MemberState } | null {
    const session = this.#find(hold.sessionId, 'all');
    const seat = session?.members.get(hold.index);
    const member = seat?.member;
    if (session === null || seat === undefined || member?.connection !== hold.connection) return null;
    return isHome(session, hold) ? { session, seat, member } : null;
  }
}

function isHome({ facts }: SessionState, { nodeId, homeEpoch }: HomeHold): boolean {
  return facts.homeNodeId === nodeId && facts.homeEpoch === homeEpoch;
}

function select(session: SessionState, selector: UserSelector): SeatState | undefined {
  if (selector.by === 'index') return session.members.get(selector.index);
  const userId = selector.by === 'user_id' ? selector.userId : session.tokens.get(selector.token);
  return userId === undefined || userId === null ? undefined : session.seats.get(userId);
}

function reused(): Failure {
  return new Failure('internal', { cause: new Error('a user id or token is used twice in one session') });
}
