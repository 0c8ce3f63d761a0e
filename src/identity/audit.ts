/**
 * The audit log: log events named `audit` that say who did something to whom, written whatever the log's level. They
 * hold ids only, never a secret. `by_user_id` is always the real user, also while the session acts as another user.
 */
import type { UserId } from '../protocol/ids.js';
import type { AuditSink } from '../ports/log.js';
import type { UserSession } from '../ports/user-session-store.js';
import type { LoginCaller } from './login-callers.js';
import { actorOf } from './session-claims.js';

type IdentityAction = 'identity_assumed' | 'identity_reset';

export type AuditAction =
  | IdentityAction
  /** A backend made a ticket that lets one user sign in as another. */
  | 'impersonation_allowed'
  | 'user_blocked'
  | 'user_unblocked'
  | 'password_changed'
  | 'password_reset'
  | 'sessions_ended';

/**
 * The actor of an audited action: a caller of the login surface, a session of any kind, an API key, or the holder of a
 * reset token.
 */
export type AuditedBy = LoginCaller | { readonly kind: 'user'; readonly session: UserSession } | 'reset_token';

/** Further fields of an audit event. */
export interface AuditDetails {
  /** The number of sessions that this action ended; absent: 0. */
  readonly ended?: number;
  /** The user who may act as the target. */
  readonly actorId?: UserId;
}

export class AuditLog {
  constructor(private readonly sink: AuditSink) {}

  record(
    action: Exclude<AuditAction, IdentityAction>,
    by: AuditedBy,
    targetUserId: UserId,
    { ended = 0, actorId }: AuditDetails = {},
  ): void {
    const actor = actorId === undefined ? {} : { actor_user_id: actorId };
    this.sink.audit({ action, ...fieldsOf(by), target_user_id: targetUserId, ...actor, sessions_ended: ended });
  }

  /**
   * Records that the session acts as the target user from now on. The session may belong to another user than the
   * caller.
   */
  recordIdentity(action: IdentityAction, by: AuditedBy, { id, userId }: UserSession, targetUserId: UserId): void {
    const whose = { of_user_id: userId, of_session_id: id };
    this.sink.audit({ action, ...fieldsOf(by), ...whose, target_user_id: targetUserId });
  }
}

function fieldsOf(by: AuditedBy): Readonly<Record<string, string>> {
  if (by === 'reset_token') return { by: 'reset_link' };
  if (by.kind === 'system') return { by: 'api_key', by_key_id: by.keyId };
  const { userId, effectiveUserId, id } = by.session;
  return { by: 'user', by_user_id: actorOf(by.session) ?? userId, effective_user_id: effectiveUserId, session_id: id };
}
