import type { KeyId, ProjectId } from '../protocol/ids.js';

export const SCOPES = ['relays', 'auth', 'sessions', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export interface ApiKeyRecord {
  readonly id: KeyId;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly projectId: ProjectId;
  /** SHA-256 of the key's secret part, base64url. The secret itself is nowhere. */
  readonly secretHash: string;
  readonly createdAtMs: number;
  /** When it was used last, to about a minute; null: not yet. Not written with the record but by `noteUse`. */
  readonly lastUsedAtMs: number | null;
}

/** API keys. Rejects with `Failure('store_unavailable')` when the store does not answer. */
export interface KeyStore {
  put(key: ApiKeyRecord): Promise<void>;
  get(id: KeyId): Promise<ApiKeyRecord | null>;
  /** All keys of a project, or of all projects; oldest first. */
  list(projectId: ProjectId | 'all'): Promise<readonly ApiKeyRecord[]>;
  /** False when there was none (in this project). */
  remove(id: KeyId, projectId: ProjectId | 'all'): Promise<boolean>;
  /** Keeps the latest of the times it is told; a key that is gone stays gone. */
  noteUse(id: KeyId, atMs: number): Promise<void>;
}
