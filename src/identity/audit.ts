/**
 * The audit log: who did what to whom, as log events named `audit` at level `info`. Ids only, never a secret; `by_user_id`
 * is always the real user, also while it acts as another.
 */
import type { UserId } from '../protocol/ids.js';
import type { Log } from '../ports/log.js';
import type { UserSession } from '../ports/user-session-store.js';
import type { LoginCaller } from './login-callers.js';

type IdentityAction = 'identity_assumed' | 'identity_reset';

export type AuditAction =
  IdentityAction | 'user_blocked' | 'user_unblocked' | 'password_changed' | 'password_reset' | 'sessions_ended';

/** Who did it: a caller, or whoever held a reset token. */
export type AuditedBy = LoginCaller | 'reset_token';

export class AuditLog {
  constructor(private readonly log: Pick<Log, 'info'>) {}

  record(action: Exclude<AuditAction, IdentityAction>, by: AuditedBy, targetUserId: UserId, ended = 0): void {
    this.log.info('audit', { action, ...fieldsOf(by), target_user_id: targetUserId, sessions_ended: ended });
  }

  /** From now on this session acts as that user. It may be another's than the caller's. */
  recordIdentity(action: IdentityAction, by: AuditedBy, { id, userId }: UserSession, targetUserId: UserId): void {
    const whose = { of_user_id: userId, of_session_id: id };
    this.log.info('audit', { action, ...fieldsOf(by), ...whose, target_user_id: targetUserId });
  }
}

function fieldsOf(by: AuditedBy): Readonly<Record<string, string>> {
  if (by === 'reset_token') return { by: 'reset_link' };
  if (by.kind === 'system') return { by: 'api_key', by_key_id: by.keyId };
  const { userId, effectiveUserId, id } = by.session;
  return { by: 'user', by_user_id: userId, effective_user_id: effectiveUserId, session_id: id };
}
