import type { NodeId } from '../protocol/ids.js';
import type { NodeRecord } from './node-store.js';
import type { Filter } from './relay-session.js';

/** Knows the live nodes from the last heartbeat. All methods but `refresh` are free of I/O. */
export interface Placement {
  readonly self: NodeId;
  /** The least loaded ready node that matches every filter; null when none does. */
  choose(filters: readonly Filter[]): NodeRecord | null;
  find(id: NodeId): NodeRecord | null;
  nodes(): readonly NodeRecord[];
  /**
   * Asks the store for the live nodes and whether the answer is reliable. It is not reliable after a store outage or
   * right after this node's start: a live node may be missing until one full lease has passed.
   */
  refresh(): Promise<{ readonly isReliable: boolean }>;
  /** Whether this node certainly still holds its lease. Only then may a home number reliable frames and send acks. */
  leaseHeld(): boolean;
  /** The store's clock as of the last heartbeat; this node's own clock before the first. */
  storeNowMs(): number;
  /** While draining, the node accepts no new sessions and no new sockets. */
  draining(): boolean;
}
