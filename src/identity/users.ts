/**
 * The users of the directory: created, found, changed, banned, blocked, removed. A user loses all sessions when banned,
 * blocked or removed, when given another password, or when no longer an admin. The record changes first, then the
 * sessions end, so that none opens in between (see entrance.ts). Each such call can be repeated and then finishes the
 * work of a failed one: where the repeat could not know that there is work left, the record says so (`sessionsToEnd`).
 */
import { randomBase62 } from '../lib/base62.js';
import { Failure } from '../protocol/failure.js';
import { parseDirectoryUserId, type UserId, type UserSessionId } from '../protocol/ids.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import {
  USER_NAMES,
  type DirectoryStore,
  type PageRequest,
  type RecordPage,
  type UserName,
  type UserRecord,
} from '../ports/directory-store.js';
import type { Passwords } from '../ports/passwords.js';
import { blankUser, either, hasName, lastName, plainChanges, toEndAfter, type UserChange } from './user-change.js';
import { foldUserName } from './user-names.js';
import type { FinishReport, UserSessions } from './user-sessions.js';

/** The changed user and the sessions that ended; null when the change ends no sessions. */
export interface ChangedUser {
  readonly user: UserRecord;
  readonly ended: FinishReport | null;
}

export interface UsersDeps {
  readonly store: DirectoryStore;
  readonly sessions: Pick<UserSessions, 'finishAllOf'>;
  readonly passwords: Passwords;
  readonly crypto: Crypto;
  readonly clock: Clock;
}

type Edit = (user: UserRecord) => UserRecord;

/** Each lost race means that another writer succeeded. */
const MAX_TRIES = 5;
const ID_LETTERS = 27;

export class Users {
  constructor(private readonly deps: UsersDeps) {}

  /** Rejects with `name_taken`, `organization_not_found` or `too_many_requests`. */
  async create(request: UserChange): Promise<UserRecord> {
    const nowMs = this.deps.clock.nowMs();
    const edit = await this.editOf(request);
    const user = { ...edit(blankUser(this.newId(), nowMs)), version: 1, createdAtMs: nowMs, updatedAtMs: nowMs };
    return (await this.put(user)) ?? user;
  }

  /** null when the user does not exist. */
  get(id: UserId): Promise<UserRecord | null> {
    return this.deps.store.user(id);
  }

  /** Rejects with `user_not_found`. */
  async existing(id: UserId): Promise<UserRecord> {
    const user = await this.get(id);
    if (user === null) throw new Failure('user_not_found');
    return user;
  }

  /** By one name, in any letter case. null when the user does not exist or the text is not such a name. */
  async find(name: UserName, text: string): Promise<UserRecord | null> {
    const folded = foldUserName(name, text);
    return folded === null ? null : this.deps.store.findUser(name, folded);
  }

  /**
   * Finds the user that has this text as any kind of name. Makes the same number of store calls whether or not the user
   * exists.
   */
  async findByIdentifier(text: string): Promise<UserRecord | null> {
    const found = await Promise.all(USER_NAMES.map((name) => this.find(name, text)));
    return found.find((user) => user !== null) ?? null;
  }

  /** Newest first. */
  list(page: PageRequest): Promise<RecordPage<UserRecord>> {
    return this.deps.store.listUsers(page);
  }

  /**
   * Rejects with `invalid_request` when it would take the user's last name (nothing could find them), or with
   * `user_not_found`, `name_taken`, `organization_not_found`, `too_many_requests`, or `changed_meanwhile` when others
   * keep changing the record.
   */
  async update(id: UserId, change: UserChange): Promise<ChangedUser> {
    const edit = await this.editOf(change);
    const user = await this.edit(id, (kept) => {
      const changed = edit(kept);
      if (hasName(kept) && !hasName(changed)) throw lastName(change);
      return { ...changed, sessionsToEnd: toEndAfter(change, kept) };
    });
    const mustEnd = user.sessionsToEnd !== null && (change.password !== undefined || change.admin === false);
    return mustEnd ? this.endAfter(user, null) : { user, ended: null };
  }

  /**
   * Ends all sessions of the user except `kept`. `resetToken`: the digest of the token that allowed it. Rejects with
   * `user_not_found`, `too_many_requests` or `changed_meanwhile`. When the sessions did not end, the record says so:
   * see `finishChange`.
   */
  async setPassword(
    id: UserId,
    password: string,
    { kept, resetToken }: { readonly kept: UserSessionId | null; readonly resetToken: string | null },
  ): Promise<{ readonly ended: FinishReport }> {
    const edit = await this.editOf({ password });
    const user = await this.edit(id, (before) => ({
      ...edit(before),
      sessionsToEnd: { version: before.version + 1, formerHash: before.passwordHash, resetToken },
    }));
    return this.endAfter(user, kept);
  }

  /** Ends the sessions that an interrupted change of this user's password left, except `kept`. */
  finishChange(user: UserRecord, kept: UserSessionId | null): Promise<{ readonly ended: FinishReport }> {
    return this.endAfter(user, kept);
  }

  /** Ends all sessions of the user and prevents new ones. */
  async ban(id: UserId): Promise<ChangedUser> {
    const user = await this.edit(id, (kept) => ({ ...kept, banned: true }));
    return { user, ended: await this.endSessions(id) };
  }

  async unban(id: UserId): Promise<UserRecord> {
    return this.edit(id, (kept) => ({ ...kept, banned: false }));
  }

  /** Ends all sessions of the user and prevents new ones until this time (Number.MAX_SAFE_INTEGER: until unblocked). */
  async block(id: UserId, untilMs: number): Promise<ChangedUser> {
    const user = await this.edit(id, (kept) => ({ ...kept, blockedUntilMs: untilMs }));
    return { user, ended: await this.endSessions(id) };
  }

  async unblock(id: UserId): Promise<UserRecord> {
    return this.edit(id, (kept) => ({ ...kept, blockedUntilMs: null }));
  }

  /** Records the sign-in time. Gives up when other writers keep changing the record. */
  async noteSignIn(id: UserId): Promise<void> {
    const atMs = this.deps.clock.nowMs();
    try {
      await this.edit(id, (kept) => ({ ...kept, lastSignInAtMs: atMs }));
    } catch (error) {
      if (!Failure.is(error, 'changed_meanwhile')) throw error;
    }
  }

  /** Also removes the memberships and ends the sessions. Rejects with `user_not_found`. */
  async remove(id: UserId): Promise<FinishReport> {
    const isRemoved = await this.deps.store.removeUser(id);
    const ended = await this.endSessions(id);
    // Sessions of a missing user come from an interrupted removal, which this call has finished.
    if (!isRemoved && ended.sessions.length === 0) throw new Failure('user_not_found');
    return ended;
  }

  private async endAfter(
    user: UserRecord,
    kept: UserSessionId | null,
  ): Promise<{ readonly user: UserRecord; readonly ended: FinishReport }> {
    const ended = await this.deps.sessions.finishAllOf(user.id, 'revoked', 'any', kept);
    return { user: await this.noteEnded(user), ended };
  }

  /** Returns the record without its `sessionsToEnd`; leaves that of a later change, which ends them itself. */
  private async noteEnded(user: UserRecord): Promise<UserRecord> {
    try {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const kept = tries === 0 ? user : await this.get(user.id);
        if (kept?.sessionsToEnd == null || kept.sessionsToEnd.version !== user.sessionsToEnd?.version) break;
        const written = await this.put({ ...kept, sessionsToEnd: null, version: kept.version + 1 });
        if (written !== null) return written;
      }
    } catch (error) {
      // The sessions are over. What stays in the record lets the same call end them once more, and no other.
      if (!(error instanceof Failure)) throw error;
    }
    return { ...user, sessionsToEnd: null };
  }

  private endSessions(id: UserId): Promise<FinishReport> {
    return this.deps.sessions.finishAllOf(id, 'revoked');
  }

  private async editOf(change: UserChange): Promise<Edit> {
    const { store, passwords } = this.deps;
    const { password, homeOrganizationId } = change;
    if (homeOrganizationId != null && (await store.organization(homeOrganizationId)) === null) {
      throw new Failure('organization_not_found');
    }
    const passwordHash = typeof password === 'string' ? await passwords.hash(password) : password;
    return (user) => ({
      ...user,
      ...plainChanges(change, user),
      passwordHash: either(passwordHash, user.passwordHash),
    });
  }

  private async edit(id: UserId, edit: Edit): Promise<UserRecord> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const user = await this.existing(id);
      const changed = { ...edit(user), version: user.version + 1, updatedAtMs: this.deps.clock.nowMs() };
      const written = await this.put(changed);
      if (written !== null) return written;
    }
    throw new Failure('changed_meanwhile');
  }

  /** Returns the stored record; null when the record has changed since it was read. */
  private async put(user: UserRecord): Promise<UserRecord | null> {
    const result = await this.deps.store.putUser(user);
    if (result.outcome !== 'taken') return result.outcome === 'written' ? result.record : null;
    const problem = { path: result.field, message: 'another user has it already' };
    throw new Failure('name_taken', { message: `${problem.path}: ${problem.message}`, details: [problem] });
  }

  private newId(): UserId {
    const id = parseDirectoryUserId(`user_${randomBase62(this.deps.crypto, ID_LETTERS)}`);
    if (id === null) throw new Error('a random source without base62 letters');
    return id;
  }
}

/** Whether a user may have sessions. */
export function standingOf(user: UserRecord, nowMs: number): 'good' | 'banned' | 'blocked' {
  if (user.banned) return 'banned';
  return user.blockedUntilMs !== null && user.blockedUntilMs > nowMs ? 'blocked' : 'good';
}
