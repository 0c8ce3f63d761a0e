/** Changes a user's password, on proof of the old password or of an admin's own password. */
import { Failure } from '../protocol/failure.js';
import type { UserId } from '../protocol/ids.js';
import type { UserRecord } from '../ports/directory-store.js';
import type { Passwords } from '../ports/passwords.js';
import type { Attempts } from './attempts.js';
import type { AuditLog } from './audit.js';
import { isAdmin, type LoginCaller } from './login-callers.js';
import type { Users } from './users.js';

export interface PasswordChange {
  readonly userId: UserId;
  /** `old`: the user's own password. `admin`: the password of the caller's effective user. */
  readonly proof: { readonly kind: 'old' | 'admin'; readonly password: string };
  readonly newPassword: string;
  /** Canonical form. */
  readonly address: string;
}

export interface PasswordChangesDeps {
  readonly users: Pick<Users, 'get' | 'setPassword' | 'finishChange'>;
  readonly passwords: Passwords;
  readonly attempts: Attempts;
  readonly audit: AuditLog;
}

export class PasswordChanges {
  constructor(private readonly deps: PasswordChangesDeps) {}

  /**
   * Ends the user's sessions, except the caller's. When they did not end because the store failed, the same call again,
   * with the same two passwords, ends them. Rejects with `password_mismatch` for an unknown user, a wrong
   * password or a caller who is not an admin (all alike), or with `too_many_requests`.
   */
  async change(caller: LoginCaller, { userId, proof, newPassword, address }: PasswordChange): Promise<void> {
    const { users, passwords, attempts, audit } = this.deps;
    const account = accountTried(caller, userId, proof.kind);
    await attempts.begin(account, address);
    const user = await users.get(userId);
    const prover = proof.kind === 'old' ? user : adminOf(caller);
    const isRight = await passwords.matches(prover?.passwordHash ?? null, proof.password);
    const isRepeat = !isRight && prover?.id === user?.id && (await this.isRepeat(user, proof.password, newPassword));
    if (user === null || !(isRight || isRepeat)) throw new Failure('password_mismatch');
    await attempts.succeeded(account, address);
    const kept = caller.kind === 'user' ? caller.session.id : null;
    const { ended } = isRepeat
      ? await users.finishChange(user, kept)
      : await users.setPassword(user.id, newPassword, { kept, resetToken: null });
    audit.record('password_changed', caller, user.id, { ended: ended.sessions.length });
  }

  /** Whether this change is already made, and only sessions still have to end. */
  private async isRepeat(user: UserRecord | null, former: string, password: string): Promise<boolean> {
    const { passwords } = this.deps;
    const formerHash = user?.sessionsToEnd?.formerHash ?? null;
    if (user === null || formerHash === null || !(await passwords.matches(formerHash, former))) return false;
    return passwords.matches(user.passwordHash, password);
  }
}

/**
 * Tries count for the account whose password is tested: an admin's tries count for the admin, whichever user the call
 * is about. A caller who is not an admin tests no password and uses up no other account's tries.
 */
function accountTried(caller: LoginCaller, userId: UserId, kind: PasswordChange['proof']['kind']): UserId {
  if (kind === 'old' || caller.kind === 'system') return userId;
  return adminOf(caller)?.id ?? caller.session.userId;
}

/** A system has no password to prove. */
function adminOf(caller: LoginCaller): UserRecord | null {
  return caller.kind === 'user' && isAdmin(caller) ? caller.effective : null;
}
