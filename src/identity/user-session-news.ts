/** The news about a user session that its sockets get. */
import type { UserSessionPush } from '../protocol/server-control.js';
import type { UserSession, UserSessionStatus } from '../ports/user-session-store.js';

export interface UserSessionNews {
  /** null: the store has no record of the session any more, so that there is nothing to push. */
  readonly push: UserSessionPush | null;
  /** null: the session stays active. */
  readonly close: 'revoked' | 'user_session_ended' | null;
}

export const FORGOTTEN: UserSessionNews = { push: null, close: 'user_session_ended' };

export function touchedNews(session: UserSession): UserSessionNews {
  return { push: { type: 'user_session.touched', session: viewOf(session) }, close: null };
}

export function overNews(session: UserSession): UserSessionNews {
  return {
    push: { type: OVER_PUSHES[session.status], session: viewOf(session) },
    close: session.status === 'revoked' ? 'revoked' : 'user_session_ended',
  };
}

const OVER_PUSHES: Readonly<Record<UserSessionStatus, UserSessionPush['type']>> = {
  removed: 'user_session.removed',
  revoked: 'user_session.revoked',
  ended: 'user_session.ended',
  expired: 'user_session.ended',
  abandoned: 'user_session.ended',
  replaced: 'user_session.ended',
  // These sessions are not over, so no such push is sent.
  active: 'user_session.ended',
  pending: 'user_session.ended',
};

function viewOf(session: UserSession): UserSessionPush['session'] {
  return {
    id: session.id,
    user_id: session.userId,
    status: session.status,
    last_active_at: session.lastActiveAtMs,
    last_active_organization_id: session.organizationId,
    expire_at: session.expireAtMs,
    abandon_at: session.abandonAtMs,
  };
}
