import type { NodeId } from '../protocol/ids.js';
import type { NodeRecord } from './node-store.js';
import type { Filter } from './relay-session.js';

/** Knows the live nodes from the last heartbeat. All methods but `isGone` are free of I/O. */
export interface Placement {
  readonly self: NodeId;
  /** The least loaded ready node that matches every filter, but none of `except`; null when none does. */
  choose(filters: readonly Filter[], except?: ReadonlySet<NodeId>): NodeRecord | null;
  find(id: NodeId): NodeRecord | null;
  /** As `find`, but null also when this node does not hear the other one: then its URL may lead to a dead node. */
  reach(id: NodeId): NodeRecord | null;
  nodes(): readonly NodeRecord[];
  /**
   * Whether the node is certainly gone, so that its sessions may be claimed. Asks the store. If this node does not hear
   * the other one, it waits until the other one's lease ends or is renewed, at most two seconds. Nothing is certain
   * after a store outage or right after this node's start: a live node may be missing until the longest possible lease
   * has passed. Never rejects.
   */
  isGone(id: NodeId): Promise<boolean>;
  /** Whether this node certainly still holds its lease. Only then may a home number reliable frames and send acks. */
  leaseHeld(): boolean;
  /** The store's clock as of the last heartbeat; this node's own clock before the first. */
  storeNowMs(): number;
  /** While draining, the node accepts no new sessions and no new sockets. */
  draining(): boolean;
}
