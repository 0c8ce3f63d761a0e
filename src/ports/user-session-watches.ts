import type { CloseName } from '../protocol/close-codes.js';
import type { UserSessionId } from '../protocol/ids.js';
import type { UserSessionPush } from '../protocol/server-control.js';

/** A socket or a member that belongs to a user session. */
export interface Watcher {
  onTouched(push: UserSessionPush): void;
  /**
   * The user session is over: send `push` unless it is null, then close with `close`. Returns whether there was a socket
   * to close.
   */
  onOver(push: UserSessionPush | null, close: Extract<CloseName, 'revoked' | 'user_session_ended'>): boolean;
}

export interface Watch {
  /** Starts to notify the watcher, at once if the session is already known to be over. Call it once. */
  begin(watcher: Watcher): void;
  /** Idempotent. */
  stop(): void;
}

/**
 * Notifies about changes of user sessions on this node. Watch first, then ask the store: if the store says that the
 * session is active, the watch reports its end.
 */
export interface UserSessionWatches {
  watch(id: UserSessionId): Watch;
}
