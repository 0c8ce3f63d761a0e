import type { CloseName } from '../protocol/close-codes.js';
import type { UserSessionId } from '../protocol/ids.js';
import type { UserSessionPush } from '../protocol/server-control.js';

/** A socket, or a member, that belongs to a user session. */
export interface Watcher {
  onTouched(push: UserSessionPush): void;
  /** The user session is over: push, then close with this. Says whether there was a socket to close. */
  onOver(push: UserSessionPush, close: Extract<CloseName, 'revoked' | 'user_session_ended'>): boolean;
}

export interface Watch {
  /** From now on the watcher is told; at once, if the session is known to be over by now. Called once. */
  begin(watcher: Watcher): void;
  /** Idempotent. */
  stop(): void;
}

/**
 * Hears what becomes of user sessions on this node. Who watches first and asks the store after that misses nothing:
 * a session that is still active in the store will be heard of when it ends.
 */
export interface UserSessionWatches {
  watch(id: UserSessionId): Watch;
}
