import type { KeyId, ProjectId } from '../protocol/ids.js';

export const SCOPES = ['relays', 'auth', 'sessions', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export interface ApiKeyRecord {
  readonly id: KeyId;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly projectId: ProjectId;
  /** SHA-256 of the key's secret part, base64url. The secret itself is not stored. */
  readonly secretHash: string;
  readonly createdAtMs: number;
  /** Time of the last use, accurate to about a minute; null: never used. Only `noteUse` writes it. */
  readonly lastUsedAtMs: number | null;
}

/** API keys. Rejects with `Failure('store_unavailable')` when the store does not answer. */
export interface KeyStore {
  put(key: ApiKeyRecord): Promise<void>;
  get(id: KeyId): Promise<ApiKeyRecord | null>;
  /** All keys of a project, or of all projects; oldest first. */
  list(projectId: ProjectId | 'all'): Promise<readonly ApiKeyRecord[]>;
  /** False when the key does not exist in this project. */
  remove(id: KeyId, projectId: ProjectId | 'all'): Promise<boolean>;
  /** Stores the time if it is later than the stored one. Does not bring back a removed key. */
  noteUse(id: KeyId, atMs: number): Promise<void>;
}
