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
  /** Whether this node's lease is surely still held: what a home may number reliable frames under. */
  leaseHeld(): boolean;
  /** No new sessions, no new sockets. */
  draining(): boolean;
}
