import type { Reach } from './enforcer.js';
import type { UserSession } from './user-session-store.js';

/**
 * Carries the store's decision about a user session to its session sockets and bound relay sockets, on every node.
 * Change the store first, always. Resolves when every node has answered or timed out; never rejects.
 */
export interface UserSessionEnforcer {
  /** Pushes `user_session.touched`. */
  touched(session: UserSession): void;
  /**
   * Sends the push for the session's status and closes the sockets. `user_session.removed` for removed,
   * `user_session.revoked` for revoked, `user_session.ended` for the others; close code 4002 for revoked, 4007 for the
   * others.
   */
  over(session: UserSession): Promise<Reach>;
}
