/** The callers of the login surface: the holder of a login session, or a system with an API key; and their rights. */
import type { UserId } from '../protocol/ids.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import type { UserRecord } from '../ports/directory-store.js';
import type { UserSession } from '../ports/user-session-store.js';
import { parseLsid } from './lsid.js';
import type { UserSessions } from './user-sessions.js';
import { standingOf, type Users } from './users.js';

/** A login session that is currently valid. */
export interface LoginHolder {
  readonly session: UserSession;
  /** The user who logged in. */
  readonly user: UserRecord;
  /** The effective user; null when that user is gone, banned or blocked: the session then has no rights. */
  readonly effective: UserRecord | null;
}

export type LoginCaller =
  | ({ readonly kind: 'user' } & LoginHolder)
  /** A system, identified by its API key's id. */
  | { readonly kind: 'system'; readonly keyId: string };

export interface LoginCallersDeps {
  readonly sessions: Pick<UserSessions, 'get' | 'touch'>;
  readonly users: Pick<Users, 'get'>;
  readonly crypto: Crypto;
  readonly clock: Clock;
}

/** Each call counts as access, but a call within this time after another writes nothing. */
const TOUCH_EVERY_MS = 1000;

export class LoginCallers {
  constructor(private readonly deps: LoginCallersDeps) {}

  /**
   * Returns the holder of this LSID and records the access. null unless it is the LSID of an active session whose user
   * may have one. Gives no reason.
   */
  async find(lsid: string): Promise<LoginHolder | null> {
    const session = await this.proven(lsid);
    if (session?.status !== 'active') return null;
    const user = await this.inGoodStanding(session.userId);
    if (user === null) return null;
    const isAssumed = session.effectiveUserId !== session.userId;
    const effective = isAssumed ? await this.inGoodStanding(session.effectiveUserId) : user;
    const touched = await this.touched(session);
    return touched === null ? null : { session: touched, user, effective };
  }

  /**
   * The session that this LSID proves, active or not (until 24 h after its end). It proves identity, not rights. Does
   * not touch the session.
   */
  async proven(lsid: string): Promise<UserSession | null> {
    const { sessions, crypto } = this.deps;
    const presented = parseLsid(crypto, lsid);
    if (presented === null) return null;
    const session = await sessions.get(presented.sessionId);
    if (session?.secretHash == null || !crypto.sameSecret(presented.secretHash, session.secretHash)) return null;
    return session.kind === 'login' ? session : null;
  }

  private async inGoodStanding(id: UserId): Promise<UserRecord | null> {
    const user = await this.deps.users.get(id);
    return user !== null && standingOf(user, this.deps.clock.nowMs()) === 'good' ? user : null;
  }

  private async touched(session: UserSession): Promise<UserSession | null> {
    const { sessions, clock } = this.deps;
    if (clock.nowMs() - session.lastActiveAtMs < TOUCH_EVERY_MS) return session;
    return sessions.touch(session.id);
  }
}

/** Whether the caller may act on every user: a system, or a session whose effective user is an admin. */
export function isAdmin(caller: LoginCaller): boolean {
  return caller.kind === 'system' || caller.effective?.admin === true;
}

export function isSelf(caller: LoginCaller, userId: UserId): boolean {
  return caller.kind === 'user' && caller.effective?.id === userId;
}

/** Whether the caller may see and use this session although it is not the holder: the same user, or an admin. */
export function maySee(caller: LoginCaller, { session }: LoginHolder): boolean {
  if (caller.kind === 'user' && caller.session.userId === session.userId) return true;
  return isAdmin(caller) || isSelf(caller, session.userId);
}

/**
 * Whether the caller may assume this user's identity. The real user's rights count, so a session that acts as another
 * user can switch to a third one. A session may always return to its own user.
 */
export function mayAssume(caller: LoginCaller, holder: LoginHolder, targetId: UserId): boolean {
  if (targetId === holder.session.userId || caller.kind === 'system') return true;
  return caller.user.admin;
}
