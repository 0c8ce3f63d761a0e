import type { SessionId } from '../protocol/ids.js';
import type { CloseName } from '../protocol/close-codes.js';
import type { RelaySession, RemovedUser, UserSelector } from './relay-store.js';

/** Why somebody has to go: `left` is its own wish. */
export type RemovalReason = 'kicked' | 'revoked' | 'left';

/** How far an order got: on how many sockets and nodes it took effect. */
export interface Reach {
  readonly closed: number;
  readonly nodesAcked: number;
  /** Nodes that did not answer in time; their sockets close when they next ask the store. */
  readonly nodesTimedOut: number;
}

/**
 * Carries what the store has decided to the sockets, on every node. The store comes first, always:
 * a socket that is closed before the store refuses its credential would be let in again.
 * Resolves when every node answered or was given up on; never rejects.
 */
export interface Enforcer {
  remove(sessionId: SessionId, removed: RemovedUser, reason: RemovalReason): Promise<Reach>;
  /**
   * The store knows nobody by this name: whoever this node still has by it goes as kicked (an earlier try took effect
   * and its reply was lost).
   */
  removeForgotten(sessionId: SessionId, selector: UserSelector): Promise<Reach>;
  end(sessionId: SessionId, reason: Extract<CloseName, 'session_ended' | 'session_expired'>): Promise<Reach>;
  update(session: RelaySession): Promise<Reach>;
  /**
   * Closes the sockets of whom the selector names, on this node, although the store could not be asked:
   * the caller still answers `store_unavailable`, because the credential lives on.
   */
  removeUnconfirmed(sessionId: SessionId, selector: UserSelector, reason: RemovalReason): number;
}
