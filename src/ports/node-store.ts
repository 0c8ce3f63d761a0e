import type { NodeId } from '../protocol/ids.js';

export type NodeState = 'ready' | 'draining';

/** What a node says of itself with each heartbeat. */
export interface NodeReport {
  readonly id: NodeId;
  readonly state: NodeState;
  readonly startedAtMs: number;
  /** What filters choose by: region, country, city, or anything else. */
  readonly labels: Readonly<Record<string, string>>;
  /** The base URL that clients reach this node at. */
  readonly publicUrl: string;
  readonly address: string;
  readonly connections: number;
  readonly sessions: number;
  readonly version: string;
  readonly engine: string;
}

export interface NodeRecord extends NodeReport {
  readonly leaseUntilMs: number;
}

export interface Heartbeat {
  /** Every live node, this one included. */
  readonly live: readonly NodeRecord[];
  /** Until when this node's lease held, by the store, before; null: it knew nothing of this node. */
  readonly leaseBeforeMs: number | null;
}

/** The nodes that are alive. */
export interface NodeStore {
  /** Renews this node's lease; dead nodes are forgotten. */
  heartbeat(report: NodeReport, leaseMs: number): Promise<Heartbeat>;
  /** Gives the lease up at once. */
  leave(id: NodeId): Promise<void>;
}
