/** Whom a user session acts as, and who is behind it: the `sub` and the `act.sub` of whatever is issued for it. */
import type { UserId } from '../protocol/ids.js';
import type { UserSession } from '../ports/user-session-store.js';

/** The `sub` of its tokens: the user, or the one a login session assumed. */
export function subjectOf(session: UserSession): UserId {
  return session.effectiveUserId;
}

/** The `act.sub` of its tokens: the real user while another is assumed, else the backend's actor; null when it is itself. */
export function actorOf(session: UserSession): UserId | null {
  return session.effectiveUserId === session.userId ? session.actorId : session.userId;
}
