/** The registered endpoints of webhooks. */
import type { EndpointId } from '../protocol/ids.js';
import type { ProjectScope } from './relay-session.js';

/** The most endpoints of an owner. */
export const MAX_ENDPOINTS = 20;

export interface EndpointSecretRecord {
  /** Sealed with the secret of the deployment. */
  readonly sealed: string;
  /** Until when it signs; null: it is the newest one. */
  readonly validUntilMs: number | null;
}

/** `gone`: the endpoint answered 410. */
export type PauseReason = 'asked' | 'gone';

export interface EndpointRecord {
  readonly id: EndpointId;
  /** Whose events it gets. `all`: those of every project and of the deployment; the root key registered it. */
  readonly owner: ProjectScope;
  readonly url: string;
  /** Names of types, or of families such as `member.*`; null: every type. */
  readonly types: readonly string[] | null;
  /** Newest first. */
  readonly secrets: readonly EndpointSecretRecord[];
  readonly paused: PauseReason | null;
  readonly createdAtMs: number;
  /** 1 for a new one; each change has the next number. */
  readonly version: number;
}

/** `changed`: the stored endpoint has not the version before this one; nothing was written. */
export type EndpointPut = 'written' | 'full' | 'changed';

export interface EndpointStore {
  /** Writes a new endpoint, or the next version of a stored one. */
  put(endpoint: EndpointRecord, mostOfOwner: number): Promise<EndpointPut>;
  remove(id: EndpointId): Promise<boolean>;
  /** All endpoints of all owners, oldest first. */
  list(): Promise<readonly EndpointRecord[]>;
  /** Is another number after each change. */
  revision(): Promise<number>;
}
