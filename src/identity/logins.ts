/**
 * Login sessions: opened with a password, cloned, switched to another user or organization, ended. `LoginCallers` and
 * the rules beside it decide who may call; `UserSessions` defines a user session.
 */
import { Failure } from '../protocol/failure.js';
import type { OrganizationId, UserId } from '../protocol/ids.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import type { UserRecord } from '../ports/directory-store.js';
import type { Passwords } from '../ports/passwords.js';
import type { SessionChange, UserSession } from '../ports/user-session-store.js';
import type { Attempts } from './attempts.js';
import type { AuditLog } from './audit.js';
import type { Entrance } from './entrance.js';
import { isAdmin, isSelf, mayAssume, type LoginCaller, type LoginHolder } from './login-callers.js';
import { lsidOf, newLsidSecret } from './lsid.js';
import type { Organizations } from './organizations.js';
import type { TokenIssuer } from './token-issuer.js';
import { foldUserName } from './user-names.js';
import type { OpenRequest, UserSessions } from './user-sessions.js';
import { standingOf, type Users } from './users.js';

export interface LoginRequest {
  readonly username: string;
  /** Or the hash that the client sends: whatever the client sends is the password. */
  readonly password: string;
  /** Canonical form. */
  readonly address: string;
}

/** A newly opened session. This is the only place that contains its LSID. */
export interface OpenedLogin extends LoginHolder {
  readonly lsid: string;
}

/** The organizations that a view of a session may name: none that is gone or that its user has left. */
export interface LoginOrganizations {
  readonly home: OrganizationId | null;
  readonly effective: OrganizationId | null;
}

export interface LoginsDeps {
  readonly users: Pick<Users, 'get' | 'find' | 'noteSignIn'>;
  readonly organizations: Pick<Organizations, 'get' | 'membership' | 'activeOf'>;
  readonly entrance: Pick<Entrance, 'open' | 'inGoodStanding'>;
  readonly sessions: Pick<UserSessions, 'get' | 'touch' | 'finish' | 'finishAllOf'>;
  readonly passwords: Passwords;
  readonly attempts: Attempts;
  readonly issuer: Pick<TokenIssuer, 'issue'>;
  readonly audit: AuditLog;
  readonly crypto: Crypto;
  readonly clock: Clock;
}

/** Errors of `Entrance` or the issuer that mean the user is no longer allowed in. */
const GONE: ReadonlySet<string> = new Set(['user_not_found', 'user_banned', 'user_blocked', 'signed_out']);

export class Logins {
  constructor(private readonly deps: LoginsDeps) {}

  /**
   * Rejects with `login_failed` for an unknown user or a wrong password (same answer, same time), with `user_blocked`
   * only when the password was right, or with `too_many_requests` or `too_many_sessions`.
   */
  async authenticate({ username, password, address }: LoginRequest): Promise<OpenedLogin> {
    const { users, passwords, attempts, entrance } = this.deps;
    const account = foldUserName('username', username) ?? username;
    await attempts.begin(account, address);
    const found = await users.find('username', username);
    const isRight = await passwords.matches(found?.passwordHash ?? null, password);
    if (found === null || !isRight) throw new Failure('login_failed');
    const user = await entrance.inGoodStanding(found.id).catch(barred);
    await Promise.all([attempts.succeeded(account, address), users.noteSignIn(user.id)]);
    const organizationId = await this.homeOf(user);
    const opened = await this.open({ userId: user.id, organizationId, address }, found.passwordHash).catch(barred);
    return { ...opened, user, effective: user };
  }

  /**
   * Opens a second session with the same identity and its own lifetime. Rejects with `login_session_not_found` or
   * `too_many_sessions`.
   */
  async clone(caller: LoginCaller, holder: LoginHolder, address: string): Promise<OpenedLogin> {
    const { sessions, audit } = this.deps;
    const { id, userId, organizationId, effectiveUserId, actorId } = holder.session;
    const request = { userId, organizationId, effectiveUserId, actorId, address };
    const opened = await this.open(request).catch((error: unknown) => {
      throw isGone(error) ? notFound(error) : error;
    });
    // A call that ended all sessions in the meantime did not see the new one.
    if ((await sessions.get(id))?.status !== 'active') {
      await sessions.finish(opened.session.id, 'revoked');
      throw notFound();
    }
    if (effectiveUserId !== userId) audit.recordIdentity('identity_assumed', caller, opened.session, effectiveUserId);
    return { ...holder, ...opened };
  }

  /** Switches the session to another user and that user's home organization. Rejects with `user_not_found`. */
  async assume(caller: LoginCaller, holder: LoginHolder, targetId: UserId): Promise<LoginHolder> {
    const { users, clock, audit } = this.deps;
    const target = mayAssume(caller, holder, targetId) ? await users.get(targetId) : null;
    if (target === null || standingOf(target, clock.nowMs()) !== 'good') throw new Failure('user_not_found');
    const change = { effectiveUserId: target.id, organizationId: await this.homeOf(target) };
    const changed = await this.changed(holder, change, target);
    audit.recordIdentity('identity_assumed', caller, holder.session, targetId);
    return changed;
  }

  /** Switches back to the real user and the real user's home organization. */
  async resetIdentity(caller: LoginCaller, holder: LoginHolder): Promise<LoginHolder> {
    const { user } = holder;
    const change = { effectiveUserId: user.id, organizationId: await this.homeOf(user) };
    const changed = await this.changed(holder, change, user);
    this.deps.audit.recordIdentity('identity_reset', caller, holder.session, user.id);
    return changed;
  }

  /**
   * Rejects with `organization_not_found` when it does not exist, or when the effective user is neither a member nor an
   * admin.
   */
  async setOrganization(holder: LoginHolder, organizationId: OrganizationId): Promise<LoginHolder> {
    const { effective } = holder;
    if (effective === null || !(await this.belongs(effective, organizationId))) {
      throw new Failure('organization_not_found');
    }
    return this.changed(holder, { organizationId }, effective);
  }

  async organizationsOf({ session, user, effective }: LoginHolder): Promise<LoginOrganizations> {
    const [home, active] = await Promise.all([
      this.homeOf(user),
      effective === null ? null : this.deps.organizations.activeOf(session),
    ]);
    return { home, effective: active };
  }

  /**
   * Issues a session token of this session: its subject is the effective user, `act` names the real user. Rejects with
   * `user_not_found` when the effective user is gone or barred.
   */
  async token({ session, effective }: LoginHolder): Promise<string> {
    if (effective === null) throw new Failure('user_not_found');
    return this.deps.issuer.issue(session, null).catch((error: unknown) => {
      throw isGone(error) ? new Failure('user_not_found', { cause: error }) : error;
    });
  }

  /**
   * Ends this session and returns how many sessions ended. Rejects with `login_session_not_found` when another call
   * ended it first.
   */
  async end(caller: LoginCaller, { session }: LoginHolder): Promise<number> {
    const report = await this.deps.sessions.finish(session.id, 'ended');
    if (report === null || report.sessions.length === 0) throw notFound();
    this.auditEnd(caller, session.userId, 1);
    return 1;
  }

  /** Ends every session of the user who logged in, on all surfaces; returns how many ended. */
  async endAll(caller: LoginCaller, { session }: LoginHolder): Promise<number> {
    return this.endAllOf(caller, session.userId);
  }

  /**
   * Ends every session of a user, on all surfaces. Rejects with `not_allowed`, or with `user_not_found` when the caller
   * has the right to know.
   */
  async logOut(caller: LoginCaller, userId: UserId): Promise<number> {
    if (!isAdmin(caller) && !isSelf(caller, userId)) throw new Failure('not_allowed');
    if ((await this.deps.users.get(userId)) === null) throw new Failure('user_not_found');
    return this.endAllOf(caller, userId);
  }

  private async endAllOf(caller: LoginCaller, userId: UserId): Promise<number> {
    const status = isSelf(caller, userId) ? 'ended' : 'revoked';
    const { sessions } = await this.deps.sessions.finishAllOf(userId, status);
    this.auditEnd(caller, userId, sessions.length);
    return sessions.length;
  }

  private auditEnd(caller: LoginCaller, userId: UserId, count: number): void {
    const isOwn = caller.kind === 'user' && caller.session.userId === userId;
    if (!isOwn) this.deps.audit.record('sessions_ended', caller, userId, { ended: count });
  }

  private async open(
    request: Omit<OpenRequest, 'kind' | 'deviceId' | 'secretHash'>,
    shownHash: string | null = null,
  ): Promise<{ readonly lsid: string; readonly session: UserSession }> {
    const { entrance, crypto } = this.deps;
    const { secret, secretHash } = newLsidSecret(crypto);
    const session = await entrance.open({ ...request, kind: 'login', deviceId: null, secretHash }, shownHash);
    return { lsid: lsidOf(session.id, secret), session };
  }

  private async changed(holder: LoginHolder, change: SessionChange, effective: UserRecord): Promise<LoginHolder> {
    const session = await this.deps.sessions.touch(holder.session.id, change);
    if (session === null) throw notFound();
    return { ...holder, session, effective };
  }

  /** null when the user has no home organization, or is no longer its member. */
  private async homeOf(user: UserRecord): Promise<OrganizationId | null> {
    const { homeOrganizationId: home } = user;
    return home !== null && (await this.belongs(user, home)) ? home : null;
  }

  private async belongs(user: UserRecord, organizationId: OrganizationId): Promise<boolean> {
    const { organizations } = this.deps;
    if (user.admin) return (await organizations.get(organizationId)) !== null;
    return (await organizations.membership(organizationId, user.id)) !== null;
  }
}

function notFound(cause?: unknown): Failure {
  return new Failure('login_session_not_found', { cause });
}

function isGone(error: unknown): boolean {
  return error instanceof Failure && GONE.has(error.code);
}

/** This surface has one error for all users that may not log in, and none for a user removed a moment ago. */
function barred(error: unknown): never {
  if (!isGone(error)) throw error;
  const isRemoved = Failure.is(error, 'user_not_found');
  throw new Failure(isRemoved ? 'login_failed' : 'user_blocked', { cause: error });
}
