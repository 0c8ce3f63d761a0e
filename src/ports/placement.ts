import type { NodeId } from '../protocol/ids.js';
import type { NodeRecord } from './node-store.js';
import type { Filter } from './relay-store.js';

/** Knows the live nodes, from the last heartbeat: asking costs nothing. */
export interface Placement {
  readonly self: NodeId;
  /** The least loaded ready node that fits every filter; null when none does. */
  choose(filters: readonly Filter[]): NodeRecord | null;
  find(id: NodeId): NodeRecord | null;
  nodes(): readonly NodeRecord[];
  /**
   * Asks the store who is alive now, and whether that can be relied upon: after the store was away, or right after
   * this node's own start, a live node may be missing until it has had a whole lease's time to report.
   */
  refresh(): Promise<{ readonly isReliable: boolean }>;
  /** Whether this node's lease is surely still held: what a home may number reliable frames, and ack any, under. */
  leaseHeld(): boolean;
  /** The time by the store's clock, from the last heartbeat; before the first it is this node's own. */
  storeNowMs(): number;
  /** No new sessions, no new sockets. */
  draining(): boolean;
}
