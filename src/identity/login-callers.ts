/** Who calls the login surface: the holder of a login session, or a system with an API key; and what each may do. */
import type { UserId } from '../protocol/ids.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import type { UserRecord } from '../ports/directory-store.js';
import type { UserSession } from '../ports/user-session-store.js';
import { parseLsid } from './lsid.js';
import type { UserSessions } from './user-sessions.js';
import { standingOf, type Users } from './users.js';

/** A login session that is good now. */
export interface LoginHolder {
  readonly session: UserSession;
  /** Who logged in. */
  readonly user: UserRecord;
  /** Whom it acts as; null when that user is gone, banned or blocked: then it acts as nobody. */
  readonly effective: UserRecord | null;
}

export type LoginCaller =
  | ({ readonly kind: 'user' } & LoginHolder)
  /** By the id of its API key. */
  | { readonly kind: 'system'; readonly keyId: string };

export interface LoginCallersDeps {
  readonly sessions: Pick<UserSessions, 'get' | 'touch'>;
  readonly users: Pick<Users, 'get'>;
  readonly crypto: Crypto;
  readonly clock: Clock;
}

/** Each call counts as access, but one that follows another this closely writes nothing. */
const TOUCH_EVERY_MS = 1000;

export class LoginCallers {
  constructor(private readonly deps: LoginCallersDeps) {}

  /**
   * The holder of this LSID, its last access set to now. null for whatever is not the LSID of an active session of a
   * user who may have one; it never says why.
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

  /** The session that this LSID proves, over or not (for 24 h from its end): who it is, not what it may. Touches nothing. */
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

/** May act on every user: a system, and who acts as an admin. */
export function isAdmin(caller: LoginCaller): boolean {
  return caller.kind === 'system' || caller.effective?.admin === true;
}

export function isSelf(caller: LoginCaller, userId: UserId): boolean {
  return caller.kind === 'user' && caller.effective?.id === userId;
}

/** Whether the caller may see and use this session beside its holder: the same user, or an admin. */
export function maySee(caller: LoginCaller, { session }: LoginHolder): boolean {
  if (caller.kind === 'user' && caller.session.userId === session.userId) return true;
  return isAdmin(caller) || isSelf(caller, session.userId);
}

/**
 * Whether the caller may become this user. It is the real user's right, so that who acts as another can go on to a
 * third one; a session may always become its own user.
 */
export function mayAssume(caller: LoginCaller, holder: LoginHolder, targetId: UserId): boolean {
  if (targetId === holder.session.userId || caller.kind === 'system') return true;
  return caller.user.admin;
}
