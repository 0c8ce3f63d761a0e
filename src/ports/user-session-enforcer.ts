import type { Reach } from './enforcer.js';
import type { UserSession } from './user-session-store.js';

/**
 * Tells the sockets of a user session what the store has decided: its control connections and the relay sockets bound
 * to it, on every node. The store comes first, always. Resolves when every node answered or was given up on;
 * never rejects.
 */
export interface UserSessionEnforcer {
  /** Pushes `user_session.touched`. */
  touched(session: UserSession): Promise<Reach>;
  /**
   * Pushes what the status says and closes the sockets: `user_session.removed` for removed, `user_session.revoked` for
   * revoked, `user_session.ended` for the others; close code 4002 for revoked, 4007 for the others.
   */
  over(session: UserSession): Promise<Reach>;
}
