import { decodeCursor, encodeCursor } from '../../lib/cursor.js';
import type { Clock } from '../../ports/clock.js';
import type { UserSessionFacts } from '../../ports/event.js';
import type {
  ChangeResult,
  Device,
  DeviceWithSessions,
  FinishStatus,
  NewUserSession,
  OpenResult,
  SessionChange,
  SessionLimit,
  SessionQuery,
  UserSession,
  UserSessionStore,
} from '../../ports/user-session-store.js';
import { Failure } from '../../protocol/failure.js';
import type { DeviceId, UserId, UserSessionId } from '../../protocol/ids.js';
import { DeviceTable, type DeviceChange } from './device-table.js';
import { DueQueue } from './due-queue.js';
import type { MemoryEventLog } from './event-log.js';
import {
  applyChange,
  dueOf,
  end,
  forgottenAt,
  isActive,
  openState,
  settle,
  type UserSessionState,
} from './user-session-state.js';

export function createMemoryUserSessionStore(clock: Clock, events: MemoryEventLog): UserSessionStore {
  return new MemoryUserSessionStore(clock, events);
}

const ENDS = {
  ended: 'user_session.ended',
  replaced: 'user_session.ended',
  removed: 'user_session.removed',
  revoked: 'user_session.revoked',
} as const satisfies Record<FinishStatus, UserSessionFacts['type']>;

/** User sessions in this process. Each method is atomic because none awaits. */
class MemoryUserSessionStore implements UserSessionStore {
  readonly #clock: Clock;
  readonly #events: MemoryEventLog;
  readonly #clients: DeviceTable;
  /** Ordered by time of opening. */
  readonly #sessions = new Map<UserSessionId, UserSessionState>();
  readonly #byUser = new Map<UserId, Set<UserSessionState>>();
  /** By actor, the sessions of other users. */
  readonly #byActor = new Map<UserId, Set<UserSessionState>>();
  /** When to check each session: never later than its end or its removal. An early check does no harm. */
  readonly #due = new DueQueue<UserSessionId>();
  #position = 0;

  constructor(clock: Clock, events: MemoryEventLog) {
    this.#clock = clock;
    this.#events = events;
    this.#clients = new DeviceTable(clock);
  }

  async open(opened: NewUserSession, { max, whenFull }: SessionLimit): Promise<OpenResult> {
    if (this.#sessions.has(opened.id)) throw new Failure('internal', { cause: new Error('session id is taken') });
    const active = this.#activeOf(opened.userId);
    const excess = max === 0 ? 0 : active.length - max + 1;
    if (excess > 0 && whenFull === 'reject_new') return { outcome: 'too_many_sessions' };
    const oldFirst = active.sort(
      (a, b) => a.session.lastActiveAtMs - b.session.lastActiveAtMs || a.position - b.position,
    );
    const replaced = oldFirst.slice(0, Math.max(0, excess)).map((state) => this.#finish(state, 'replaced'));
    this.#position += 1;
    const state = openState(opened, this.#position, this.#clock.nowMs());
    this.#add(state);
    if (opened.deviceId !== null) this.#clients.addSession(opened.deviceId, opened.id);
    this.#tell('user_session.created', state);
    return { outcome: 'opened', session: state.session, replaced };
  }

  async get(id: UserSessionId): Promise<UserSession | null> {
    return this.#find(id)?.session ?? null;
  }

  async change(id: UserSessionId, change: SessionChange): Promise<ChangeResult> {
    const state = this.#find(id);
    if (state === null) return { outcome: 'not_found' };
    if (!isActive(state)) return { outcome: 'not_active', session: state.session };
    const dueBefore = dueOf(state);
    applyChange(state, change, this.#clock.nowMs());
    if (dueOf(state) < dueBefore) this.#lookAgain(state);
    if (change.touch !== undefined) this.#tell('user_session.touched', state);
    return { outcome: 'changed', session: state.session };
  }

  async finish(id: UserSessionId, status: FinishStatus): Promise<ChangeResult> {
    const state = this.#find(id);
    if (state === null) return { outcome: 'not_found' };
    if (isActive(state)) return { outcome: 'changed', session: this.#finish(state, status) };
    if (status === 'removed' && state.session.status !== 'removed') {
      state.session = Object.freeze({ ...state.session, status, updatedAtMs: this.#clock.nowMs() });
      this.#tell('user_session.removed', state);
    }
    return { outcome: 'not_active', session: state.session };
  }

  async finishAllOf(
    userId: UserId,
    status: FinishStatus,
    kind: UserSession['kind'] | 'any',
    kept: UserSessionId | null = null,
  ): Promise<readonly UserSession[]> {
    const meant = this.#activeOf(userId).filter(
      ({ session }) => session.id !== kept && (kind === 'any' || session.kind === kind),
    );
    return meant.map((state) => this.#finish(state, status));
  }

  async actedBy(actorId: UserId): Promise<readonly UserSessionId[]> {
    const states = [...(this.#byActor.get(actorId) ?? [])].filter((state) => this.#isKept(state) && isActive(state));
    return states.map(({ session }) => session.id);
  }

  async list({
    userId,
    status,
    limit,
    cursor,
  }: SessionQuery): Promise<{ readonly sessions: readonly UserSession[]; readonly nextCursor: string | null }> {
    const before = cursor === undefined ? Infinity : decodeCursor(cursor);
    if (before === null) throw new Failure('invalid_request', { message: 'The cursor is invalid.' });
    const all = userId === undefined ? this.#sessions.values() : (this.#byUser.get(userId) ?? []);
    const rest = [...all].filter((state) => {
      if (state.position >= before || !this.#isKept(state)) return false;
      return status === undefined || state.session.status === status;
    });
    const page = rest.reverse().slice(0, limit);
    const last = page.at(-1);
    return {
      sessions: page.map(({ session }) => session),
      nextCursor: last === undefined || rest.length <= limit ? null : encodeCursor(last.position),
    };
  }

  async createDevice(id: DeviceId, lifetimeMs: number): Promise<Device> {
    return this.#clients.create(id, lifetimeMs);
  }

  async device(id: DeviceId): Promise<DeviceWithSessions | null> {
    const found = this.#clients.get(id);
    if (found === null) return null;
    const sessions = [...found.sessionIds].map((sessionId) => this.#find(sessionId)?.session ?? null);
    return {
      device: found.device,
      sessions: sessions.filter((session) => session !== null).filter(({ status }) => status !== 'removed'),
    };
  }

  async changeDevice(id: DeviceId, change: DeviceChange): Promise<Device | null> {
    return this.#clients.change(id, change);
  }

  async sweepDue(limit: number): Promise<readonly UserSession[]> {
    const named: UserSession[] = [];
    while (named.length < limit) {
      const id = this.#due.popDue(this.#clock.nowMs());
      if (id === null) break;
      const state = this.#sessions.get(id);
      if (state === undefined) continue;
      if (!this.#isKept(state)) {
        this.#drop(state);
        continue;
      }
      this.#lookAgain(state);
      if (isActive(state) || state.named) continue;
      state.named = true;
      named.push(state.session);
      // A session that was removed since has had its event.
      if (state.session.status !== 'removed') this.#tell('user_session.expired', state);
    }
    return named;
  }

  #find(id: UserSessionId): UserSessionState | null {
    const state = this.#sessions.get(id);
    return state !== undefined && this.#isKept(state) ? state : null;
  }

  /** All reads of a state pass here: first settles a session whose time is up. */
  #isKept(state: UserSessionState): boolean {
    settle(state, this.#clock.nowMs());
    return (forgottenAt(state) ?? Infinity) > this.#clock.nowMs();
  }

  #activeOf(userId: UserId): UserSessionState[] {
    return [...(this.#byUser.get(userId) ?? [])].filter((state) => this.#isKept(state) && isActive(state));
  }

  #finish(state: UserSessionState, status: FinishStatus): UserSession {
    end(state, status, this.#clock.nowMs());
    state.named = true;
    this.#lookAgain(state);
    this.#tell(ENDS[status], state);
    return state.session;
  }

  #tell(type: UserSessionFacts['type'], { session: { secretHash: _secret, ...session } }: UserSessionState): void {
    this.#events.write({ type, session: Object.freeze(session) });
  }

  #lookAgain(state: UserSessionState): void {
    this.#due.push(state.session.id, forgottenAt(state) ?? dueOf(state));
  }

  #add(state: UserSessionState): void {
    const { id, userId, actorId } = state.session;
    this.#sessions.set(id, state);
    this.#lookAgain(state);
    addTo(this.#byUser, userId, state);
    if (actorId !== null) addTo(this.#byActor, actorId, state);
  }

  #drop(state: UserSessionState): void {
    const { id, userId, deviceId, actorId } = state.session;
    this.#sessions.delete(id);
    dropFrom(this.#byUser, userId, state);
    if (actorId !== null) dropFrom(this.#byActor, actorId, state);
    if (deviceId !== null) this.#clients.dropSession(deviceId, id, forgottenAt(state) ?? this.#clock.nowMs());
  }
}

type StatesByUser = Map<UserId, Set<UserSessionState>>;

function addTo(states: StatesByUser, userId: UserId, state: UserSessionState): void {
  const others = states.get(userId);
  if (others === undefined) states.set(userId, new Set([state]));
  else others.add(state);
}

function dropFrom(states: StatesByUser, userId: UserId, state: UserSessionState): void {
  const others = states.get(userId);
  others?.delete(state);
  if (others?.size === 0) states.delete(userId);
}
