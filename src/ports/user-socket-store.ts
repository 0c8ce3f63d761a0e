/**
 * Sockets per user, counted exactly over all nodes. A node names its sockets again every few seconds; those of a node
 * that stopped doing so are forgotten when their time is up. Rejects with `Failure('store_unavailable')`.
 */
import type { NodeId, UserId } from '../protocol/ids.js';

export interface UserSocket {
  readonly userId: UserId;
  /** Unique over all nodes. */
  readonly socketId: string;
  readonly nodeId: NodeId;
}

export type TakeSocketResult =
  { readonly outcome: 'taken'; readonly replaced: readonly UserSocket[] } | { readonly outcome: 'too_many_sockets' };

export interface UserSocketStore {
  /**
   * Takes a place for a socket; with `replace_old` the oldest go, and are named for their nodes to close.
   * `max` 0: no limit. A socket that has a place keeps it, for `ttlMs` from now.
   */
  take(
    socket: UserSocket,
    limit: { readonly max: number; readonly whenFull: 'reject_new' | 'replace_old' },
    ttlMs: number,
  ): Promise<TakeSocketResult>;
  release(socket: UserSocket): Promise<void>;
  /** Prolongs the places; one that was forgotten is not taken again. */
  renew(sockets: readonly UserSocket[], ttlMs: number): Promise<void>;
}
