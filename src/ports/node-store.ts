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

/** The nodes that are alive. */
export interface NodeStore {
  /** Renews this node's lease and returns every live node, this one included; dead ones are forgotten. */
  heartbeat(report: NodeReport, leaseMs: number): Promise<readonly NodeRecord[]>;
  /** Gives the lease up at once. */
  leave(id: NodeId): Promise<void>;
}
