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
import { ActingSessions } from './acting-sessions.js';
import { DeviceRecords, type DeviceChange } from './device-records.js';
import type { Due } from './due-set.js';
import { userSessionMember, type Keys } from './keys.js';
import type { Argument, RedisLink } from './link.js';
import { asInteger, asList, unexpected } from './replies.js';
import type { Script, Scripts } from './script.js';
import {
  decodePointer,
  decodeUserSession,
  encodeChange,
  encodeNewSession,
  forgottenAtMs,
} from './user-session-codec.js';
import { UserSessionIndex, type OverPointer } from './user-session-index.js';
import { UserSessionReader } from './user-session-reader.js';

/** Number of devices whose pointers are shortened at the same time; a user may have thousands. */
const CLIENTS_WIDTH = 200;

/** A session that a sweep found to be no longer active. */
interface Expired extends OverPointer {
  /** null: there is no session to report. */
  readonly session: UserSession | null;
}

/** User sessions in Redis. Each transition is one script over the user's own keys; keys.ts lists the other keys. */
export class RedisUserSessionStore implements UserSessionStore {
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #scripts: Scripts;
  readonly #index: UserSessionIndex;
  readonly #reader: UserSessionReader;
  readonly #clients: DeviceRecords;
  readonly #acting: ActingSessions;

  constructor(link: RedisLink, keys: Keys, scripts: Scripts) {
    this.#link = link;
    this.#keys = keys;
    this.#scripts = scripts;
    this.#index = new UserSessionIndex(link, keys, scripts);
    this.#reader = new UserSessionReader(link, keys, scripts, this.#index);
    this.#clients = new DeviceRecords(link, keys, scripts);
    this.#acting = new ActingSessions(link, keys, scripts);
  }

  async open(session: NewUserSession, { max, whenFull }: SessionLimit): Promise<OpenResult> {
    const { id, userId, deviceId } = session;
    const member = userSessionMember(id, userId);
    await Promise.all([
      this.#index.add(session),
      this.#acting.add(session),
      ...(deviceId === null ? [] : [this.#clients.point(deviceId, member, session.lifetimeMs)]),
    ]);
    const args = [...encodeNewSession(session), max, whenFull];
    const [outcome, ...texts] = asList(await this.#run('open', this.#scripts.userSessionOpen, userId, args));
    if (outcome === 'taken') throw new Failure('internal', { cause: new Error('session id is taken') });
    if (outcome === 'too_many_sessions') {
      // When this fails, the pointers stay. Readers skip them, and they expire.
      await Promise.allSettled([
        this.#index.remove(id, userId),
        this.#acting.over([session]),
        ...(deviceId === null ? [] : [this.#clients.over(deviceId, member, null)]),
      ]);
      return { outcome };
    }
    const [opened, ...replaced] = texts.map(decodeUserSession);
    if (outcome !== 'opened' || opened === undefined) throw unexpected('the outcome of an open');
    await Promise.all([
      this.#settleOver(replaced),
      ...(deviceId === null ? [] : [this.#clients.change(deviceId, { lastActiveSessionId: id })]),
    ]);
    return { outcome, session: opened, replaced };
  }

  async get(id: UserSessionId): Promise<UserSession | null> {
    const userId = await this.#index.ownerOf(id);
    if (userId === null) return null;
    return (await this.#reader.read([{ id, userId }])).get(id) ?? null;
  }

  async change(id: UserSessionId, change: SessionChange): Promise<ChangeResult> {
    const userId = await this.#index.ownerOf(id);
    if (userId === null) return { outcome: 'not_found' };
    const reply = await this.#run('change', this.#scripts.userSessionChange, userId, [id, ...encodeChange(change)]);
    const result = decodeChangeResult(reply);
    if (result.outcome === 'changed' && asList(reply)[2] === '1') {
      const { expireAtMs, abandonAtMs } = result.session;
      const dueMs = Math.min(expireAtMs, abandonAtMs);
      // The session has changed. A late hint only delays its sweep.
      await this.#index.due.dueEarlier(userSessionMember(id, userId), dueMs).catch(() => undefined);
    }
    return result;
  }

  async finish(id: UserSessionId, status: FinishStatus): Promise<ChangeResult> {
    const userId = await this.#index.ownerOf(id);
    if (userId === null) return { outcome: 'not_found' };
    const reply = await this.#run('finish', this.#scripts.userSessionFinish, userId, [id, status]);
    const result = decodeChangeResult(reply);
    if (result.outcome === 'changed') await this.#settleOver([result.session]);
    return result;
  }

  async finishAllOf(
    userId: UserId,
    status: FinishStatus,
    kind: UserSession['kind'] | 'any',
    kept: UserSessionId | null = null,
  ): Promise<readonly UserSession[]> {
    const args = [status, kind, kept ?? ''];
    const reply = await this.#run('finish_all', this.#scripts.userSessionFinishAll, userId, args);
    const finished = asList(reply).map(decodeUserSession);
    await this.#settleOver(finished);
    return finished;
  }

  actedBy(actorId: UserId): Promise<readonly UserSessionId[]> {
    return this.#acting.list(actorId);
  }

  list(query: SessionQuery): Promise<{ sessions: readonly UserSession[]; nextCursor: string | null }> {
    return this.#reader.list(query);
  }

  createDevice(id: DeviceId, lifetimeMs: number): Promise<Device> {
    return this.#clients.create(id, lifetimeMs);
  }

  async device(id: DeviceId): Promise<DeviceWithSessions | null> {
    const found = await this.#clients.get(id);
    if (found === null) return null;
    const { device, pointers } = found;
    const sessions = await this.#reader.read(pointers);
    const dangling = pointers.filter((pointer) => !sessions.has(pointer.id)).map(({ member }) => member);
    // The reader does not wait for this clean-up.
    this.#clients.prune(id, dangling).catch(() => undefined);
    const listed = pointers.map((pointer) => sessions.get(pointer.id) ?? null).filter((session) => session !== null);
    return { device, sessions: listed.filter(({ status }) => status !== 'removed') };
  }

  changeDevice(id: DeviceId, change: DeviceChange): Promise<Device | null> {
    return this.#clients.change(id, change);
  }

  async sweepDue(limit: number): Promise<readonly UserSession[]> {
    for (;;) {
      const { claimed, ended } = await this.#sweepClaimed(limit);
      // Sessions that were touched may fill a whole claim, with expired ones behind them.
      if (ended.length > 0 || claimed < limit) return ended;
    }
  }

  async #sweepClaimed(limit: number): Promise<{ readonly claimed: number; readonly ended: readonly UserSession[] }> {
    const { due, forgetful } = await this.#index.claim(limit);
    // Records that this misses go when the user opens another session, or when the user's keys expire.
    await Promise.allSettled(
      [...forgetful].map((userId) => this.#run('forget', this.#scripts.userSessionForget, userId, [])),
    );
    // A session whose call fails stays claimed until its claim runs out. The others are reported now.
    const looked = await Promise.allSettled(due.map((each) => this.#expire(each)));
    const over = looked.flatMap((result) =>
      result.status === 'fulfilled' && result.value !== null ? [result.value] : [],
    );
    const ended = over.flatMap(({ session }) => (session === null ? [] : [session]));
    const [mine] = await Promise.all([this.#index.over(over), this.#shortenClients(ended), this.#acting.over(ended)]);
    const reported = over.flatMap(({ member, session }) => (session !== null && mine.has(member) ? [session] : []));
    return { claimed: due.length, ended: reported };
  }

  /** Returns null when the session is not due yet. A result without a session only removes the hint. */
  async #expire(due: Due): Promise<Expired | null> {
    const pointer = decodePointer(due.member);
    const { id, userId } = pointer;
    const [outcome, value] = asList(await this.#run('sweep', this.#scripts.userSessionExpire, userId, [id]));
    switch (outcome) {
      case 'due':
        await this.#index.due.putBack(due, asInteger(value));
        return null;
      case 'over': {
        const session = decodeUserSession(value);
        return { ...pointer, session, forgottenAtMs: forgottenAtMs(session) };
      }
      case 'gone':
        return { ...pointer, session: null, forgottenAtMs: value === '' ? null : asInteger(value) };
      default:
        throw unexpected('what became of a session');
    }
  }

  /**
   * Removes the hints of sessions whose end a caller knows, and lets their pointers expire with them. When this fails,
   * the sweeper does it when the sessions would have been due.
   */
  async #settleOver(sessions: readonly UserSession[]): Promise<void> {
    const pointers = sessions.map((session) => {
      const { id, userId } = session;
      return { id, member: userSessionMember(id, userId), forgottenAtMs: forgottenAtMs(session) };
    });
    await Promise.all([
      this.#index.over(pointers).catch(() => undefined),
      this.#shortenClients(sessions),
      this.#acting.over(sessions),
    ]);
  }

  /** A pointer that this call cannot shorten expires later with its device. */
  async #shortenClients(sessions: readonly UserSession[]): Promise<void> {
    for (let at = 0; at < sessions.length; at += CLIENTS_WIDTH) {
      const told = sessions.slice(at, at + CLIENTS_WIDTH).map(async (session) => {
        const { id, userId, deviceId } = session;
        if (deviceId === null) return;
        await this.#clients.over(deviceId, userSessionMember(id, userId), forgottenAtMs(session));
      });
      await Promise.allSettled(told);
    }
  }

  #run(operation: string, script: Script, userId: UserId, args: readonly Argument[]): Promise<unknown> {
    const keys = [...this.#keys.sessionsOfUser(userId), ...this.#keys.userFeed(userId)];
    return this.#link.run(`user_sessions.${operation}`, script, keys, args);
  }
}

function decodeChangeResult(reply: unknown): ChangeResult {
  if (reply === null) return { outcome: 'not_found' };
  const [outcome, text] = asList(reply);
  if (outcome !== 'changed' && outcome !== 'not_active') throw unexpected('the outcome of a change');
  return { outcome, session: decodeUserSession(text) };
}
