import type { NodeId, SessionId } from '../protocol/ids.js';

/** How long the store remembers the rooms of a node that adds none. */
export const ROOMS_KEPT_MS = 24 * 60 * 60 * 1000;

/**
 * Which sessions have a room at which node, so that other nodes find the sessions of a dead one. It is a hint: the
 * session itself says who its home is. Entries of sessions that are over, or that have moved, do no harm.
 */
export interface RoomIndex {
  /** Notes rooms of a node, and that it keeps those that were noted before. Idempotent. */
  add(home: NodeId, ids: readonly SessionId[]): Promise<void>;
  /** Forgets rooms of a node; the node itself when none is left. Idempotent. */
  remove(home: NodeId, ids: readonly SessionId[]): Promise<void>;
  /** The nodes that have rooms, dead ones included. */
  homes(): Promise<readonly NodeId[]>;
  /** Up to `limit` sessions with a room at the node. No other caller gets them for ten seconds. */
  claim(home: NodeId, limit: number): Promise<readonly SessionId[]>;
}
