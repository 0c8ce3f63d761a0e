/**
 * The audit log: who did what to whom, as log events named `audit` at level `info`. Ids only, never a secret; `by_user_id`
 * is always the real user, also while it acts as another.
 */
import type { UserId } from '../protocol/ids.js';
import type { Log } from '../ports/log.js';
import type { UserSession } from '../ports/user-session-store.js';
import type { LoginCaller } from './login-callers.js';
import { actorOf } from './session-claims.js';

type IdentityAction = 'identity_assumed' | 'identity_reset';

export type AuditAction =
  | IdentityAction
  /** A backend made a ticket with which one user can sign in as another. */
  | 'impersonation_allowed'
  | 'user_blocked'
  | 'user_unblocked'
  | 'password_changed'
  | 'password_reset'
  | 'sessions_ended';

/** Who did it: a caller of the login surface, a session of any kind, an API key, or whoever held a reset token. */
export type AuditedBy = LoginCaller | { readonly kind: 'user'; readonly session: UserSession } | 'reset_token';

/** What else is to be said of it. */
export interface AuditDetails {
  /** How many sessions ended with it; 0 when absent. */
  readonly ended?: number;
  /** Who is to act as the target. */
  readonly actorId?: UserId;
}

export class AuditLog {
  constructor(private readonly log: Pick<Log, 'info'>) {}

  record(
    action: Exclude<AuditAction, IdentityAction>,
    by: AuditedBy,
    targetUserId: UserId,
    { ended = 0, actorId }: AuditDetails = {},
  ): void {
    const actor = actorId === undefined ? {} : { actor_user_id: actorId };
    this.log.info('audit', { action, ...fieldsOf(by), target_user_id: targetUserId, ...actor, sessions_ended: ended });
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
  return { by: 'user', by_user_id: actorOf(by.session) ?? userId, effective_user_id: effectiveUserId, session_id: id };
}
