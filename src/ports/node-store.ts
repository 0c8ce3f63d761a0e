import type { NodeId } from '../protocol/ids.js';

export type NodeState = 'ready' | 'draining';

/** The state that a node reports with each heartbeat. */
export interface NodeReport {
  readonly id: NodeId;
  readonly state: NodeState;
  readonly startedAtMs: number;
  /** Filters match these: region, country, city, or any other label. */
  readonly labels: Readonly<Record<string, string>>;
  /** The base URL where clients reach this node. */
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
  /** When this node's previous lease ended or ends, by the store's clock; null: the store had no lease of this node. */
  readonly leaseBeforeMs: number | null;
  /** Nodes whose lease has ended and that this call removed: each goes to one caller only. */
  readonly lost: readonly NodeId[];
}

/** The live nodes. */
export interface NodeStore {
  /** Whether other nodes may use this store. A node alone cannot lose its sessions to another one. */
  readonly isShared: boolean;
  /** Renews this node's lease and removes nodes whose lease has ended. */
  heartbeat(report: NodeReport, leaseMs: number): Promise<Heartbeat>;
  /** Ends the lease at once. */
  leave(id: NodeId): Promise<void>;
}
