/**
 * Sockets per user, counted exactly across all nodes. A node renews its sockets every few seconds; the store forgets
 * sockets that are not renewed in time. Rejects with `Failure('store_unavailable')` when the store does not answer.
 */
import type { NodeId, UserId } from '../protocol/ids.js';

export interface UserSocket {
  readonly userId: UserId;
  /** Unique across all nodes. */
  readonly socketId: string;
  readonly nodeId: NodeId;
}

export type TakeSocketResult =
  { readonly outcome: 'taken'; readonly replaced: readonly UserSocket[] } | { readonly outcome: 'too_many_sockets' };

export interface UserSocketStore {
  /**
   * Takes a place for a socket. `replace_old` removes the oldest sockets and returns them so that their nodes can close
   * them. `max` 0: no limit. A socket that already has a place keeps it, for `ttlMs` from now.
   */
  take(
    socket: UserSocket,
    limit: { readonly max: number; readonly whenFull: 'reject_new' | 'replace_old' },
    ttlMs: number,
  ): Promise<TakeSocketResult>;
  release(socket: UserSocket): Promise<void>;
  /** Extends the places. A forgotten place is not taken again. */
  renew(sockets: readonly UserSocket[], ttlMs: number): Promise<void>;
}
