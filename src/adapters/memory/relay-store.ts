import { deepFreeze } from '../../lib/deep-freeze.js';
import { decodeCursor, encodeCursor } from '../../lib/cursor.js';
import type { Clock } from '../../ports/clock.js';
import type { SessionEnd } from '../../ports/event.js';
import type { HomeClaim, HomeState, Restoration } from '../../ports/relay-home.js';
import type { JoinRequest, JoinResult, LeaveReason, LeaveResult, SeatHold } from '../../ports/relay-join.js';
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
import { authorize, enrol } from './authorization.js';
import { departMember, setAway, setHost, type Place } from './departure.js';
import type { MemoryEventLog } from './event-log.js';
import { kick, revoke } from './removal.js';
import {
  addListed,
  addWallet,
  inScope,
  newSession,
  reused,
  takeChanges,
  viewHost,
  viewWithSeats,
  type SessionState,
} from './session-state.js';

/**
 * The oldest note goes first. The one home of this store hears of an end in the same turn; the note only matters to a
 * room that missed it, and 100,000 sessions with members would have to end before that room looks, every 2 s.
 */
const OVER_BOUND: MapBound = { most: 100_000, whenFull: 'drop' };

/** `sessions`: empty; only this store changes it. Ordered by creation. Expired sessions stay until swept. */
export function createMemoryRelayStore(
  clock: Clock,
  sessions: Map<SessionId, SessionState>,
  events: MemoryEventLog,
): RelayStore {
  return new MemoryRelayStore(clock, sessions, events);
}

/** Relay sessions in this process. Each method is atomic because none awaits. */
class MemoryRelayStore implements RelayStore {
  readonly #clock: Clock;
  readonly #sessions: Map<SessionId, SessionState>;
  readonly #events: MemoryEventLog;
  readonly #over: ExpiringMap<SessionId, SessionEnd>;
  #position = 0;

  constructor(clock: Clock, sessions: Map<SessionId, SessionState>, events: MemoryEventLog) {
    this.#clock = clock;
    this.#sessions = sessions;
    this.#events = events;
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
    const view = viewWithSeats(session);
    const type = session.facts.homeNodeId === null ? 'session.failed' : 'session.ready';
    this.#events.writeOf(session.facts, [{ type, session: view }]);
    return view;
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
    return this.#step(this.#find(id, scope), null, (session, nowMs) => {
      const { ttlMs, ...settings } = structuredClone(change);
      const expiresAtMs = ttlMs === undefined ? session.facts.expiresAtMs : nowMs + ttlMs;
      session.facts = deepFreeze({ ...session.facts, ...settings, expiresAtMs });
      session.revision += 1;
      const view = viewWithSeats(session);
      session.changes.push({ type: 'session.updated', session: view });
      return view.session;
    });
  }

  async authorize(id: SessionId, scope: ProjectScope, seat: NewSeat): Promise<AuthorizeResult> {
    return this.#step(this.#find(id, scope), NOT_FOUND, (session, nowMs) => authorize(session, seat, nowMs));
  }

  async enrol(id: SessionId, seat: NewGroupSeat): Promise<EnrolResult> {
    return this.#step(this.#find(id, 'all'), NOT_FOUND, (session, nowMs) => enrol(session, seat, nowMs));
  }

  async revoke(id: SessionId, scope: ProjectScope, token: AuthorizationToken): Promise<RevokeResult> {
    return this.#step(this.#find(id, scope), NOT_FOUND, (session, nowMs) => revoke(session, token, nowMs));
  }

  async kick({ sessionId, scope, ...request }: KickRequest): Promise<KickResult> {
    return this.#step(this.#find(sessionId, scope), NOT_FOUND, (session, nowMs) => kick(session, request, nowMs));
  }

  async mint(id: SessionId, scope: ProjectScope, userId: UserId): Promise<MintResult> {
    const session = this.#find(id, scope);
    if (session === null) return { outcome: 'session_not_found' };
    if (session.banned.has(userId)) return { outcome: 'banned' };
    return { outcome: 'mintable', generation: session.generation, expiresAtMs: session.facts.expiresAtMs };
  }

  async join(request: JoinRequest): Promise<JoinResult> {
    const refused: JoinResult = { outcome: 'refused', code: 'session_not_found' };
    return this.#step(this.#find(request.sessionId, 'all'), refused, (session, nowMs) => join(session, request, nowMs));
  }

  async away(hold: SeatHold): Promise<boolean> {
    return this.#step(this.#find(hold.sessionId, 'all'), false, (session, nowMs) => {
      const place = holderOf(session, hold);
      if (place === null) return false;
      setAway(session, place, 'socket_lost', nowMs);
      return true;
    });
  }

  async leave(hold: SeatHold, reason: LeaveReason): Promise<LeaveResult> {
    const outdated: LeaveResult = { outcome: 'outdated' };
    return this.#step(this.#find(hold.sessionId, 'all'), outdated, (session, nowMs) => {
      const place = holderOf(session, hold);
      if (place === null) return outdated;
      departMember(session, place.seat, place.member, reason, nowMs);
      return { outcome: 'left', host: viewHost(session) };
    });
  }

  async handOverHost(id: SessionId, home: HomeHold, from: Host, to: MemberIndex): Promise<Host | null> {
    return this.#step(this.#find(id, 'all'), null, (session) => {
      if (!isHome(session, home)) return null;
      if (from.index === null || !session.members.has(to)) return null;
      if (session.host.index !== from.index || session.host.term !== from.term) return null;
      if (to !== from.index) {
        setHost(session, to);
        session.revision += 1;
      }
      return viewHost(session);
    });
  }

  async claimHome(id: SessionId, from: HomeNow, to: NodeId): Promise<SessionWithSeats | null> {
    return this.#step(this.#find(id, 'all'), null, (session, nowMs) => {
      const { facts } = session;
      if (facts.homeNodeId !== from.homeNodeId || facts.homeEpoch !== from.homeEpoch) return null;
      session.facts = deepFreeze({ ...facts, homeNodeId: to, homeEpoch: facts.homeEpoch + 1, error: null });
      for (const seat of session.members.values()) {
        const { member } = seat;
        if (member?.awayUntilMs === null) setAway(session, { seat, member }, 'home_lost', nowMs);
      }
      return viewWithSeats(session);
    });
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
    this.#events.begin(lost.session);
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
  #finish(session: SessionState, why: SessionEnd): void {
    const { facts, members } = session;
    this.#sessions.delete(facts.id);
    if (members.size > 0) this.#over.set(facts.id, why, this.#clock.nowMs() + OVER_KEPT_MS);
    this.#events.writeOf(facts, [{ type: 'session.ended', why, session: viewWithSeats(session) }]);
    this.#events.endOf(facts.id);
  }

  #find(id: SessionId, scope: ProjectScope): SessionState | null {
    const session = this.#sessions.get(id);
    if (session === undefined || !inScope(session, scope)) return null;
    return session.facts.expiresAtMs > this.#clock.nowMs() ? session : null;
  }

  /** Changes a session and writes the events of what has changed, also when the call is refused in the end. */
  #step<T>(session: SessionState | null, missing: T, run: (session: SessionState, nowMs: number) => T): T {
    if (session === null) return missing;
    try {
      return run(session, this.#clock.nowMs());
    } finally {
      this.#events.writeOf(session.facts, takeChanges(session));
    }
  }
}

const NOT_FOUND = { outcome: 'session_not_found' } as const;

function holderOf(session: SessionState, hold: SeatHold): Place | null {
  const seat = session.members.get(hold.index);
  const member = seat?.member;
  if (seat === undefined || member?.connection !== hold.connection) return null;
  return isHome(session, hold) ? { seat, member } : null;
}

function isHome({ facts }: SessionState, { nodeId, homeEpoch }: HomeHold): boolean {
  return facts.homeNodeId === nodeId && facts.homeEpoch === homeEpoch;
}
