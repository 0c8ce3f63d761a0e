import type { SessionId } from '../protocol/ids.js';
import type { CloseName } from '../protocol/close-codes.js';
import type { RemovedUser, UserSelector } from './relay-seat.js';
import type { RelaySession } from './relay-session.js';

/** Why a user is removed; `left`: the user chose to leave. */
export type RemovalReason = 'kicked' | 'revoked' | 'left';

export interface Removal {
  readonly reason: RemovalReason;
  /** The host's reason for a kick; null: none. */
  readonly detail: string | null;
}

/** On how many sockets and nodes an order took effect. */
export interface Reach {
  readonly closed: number;
  readonly nodesAcked: number;
  /** Nodes that did not answer in time. Their sockets close when these nodes next ask the store. */
  readonly nodesTimedOut: number;
}

/**
 * Carries a decision of the store to the sockets on every node. Change the store first, always: if a socket closed
 * before the store refuses its credential, the client could come back. Resolves when every node has answered or timed
 * out; never rejects.
 */
export interface Enforcer {
  remove(sessionId: SessionId, removed: RemovedUser, why: Removal): Promise<Reach>;
  /**
   * The store knows no such user. Kicks any members that this node still has under that name: an earlier try may have
   * succeeded and its reply may be lost. `detail` is the host's reason; null: none.
   */
  removeForgotten(sessionId: SessionId, selector: UserSelector, detail: string | null): Promise<Reach>;
  end(sessionId: SessionId, reason: Extract<CloseName, 'session_ended' | 'session_expired'>): Promise<Reach>;
  update(session: RelaySession): Promise<Reach>;
  /**
   * Closes the matching sockets on this node although the store is unavailable. The caller still answers
   * `store_unavailable`, because the credential stays valid.
   */
  removeUnconfirmed(sessionId: SessionId, selector: UserSelector, reason: RemovalReason): number;
}
