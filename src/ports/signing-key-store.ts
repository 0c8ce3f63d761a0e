/**
 * The keys that sign session tokens: shared by all nodes, private halves sealed. Rejects with
 * `Failure('store_unavailable')` when the store does not answer.
 */
export interface SigningKeyRecord {
  readonly kid: string;
  /** The public half: a JWK as JSON text. */
  readonly publicJwk: string;
  /** The private half as PKCS#8 PEM, sealed with the server secret. */
  readonly sealedPrivate: string;
  readonly createdAtMs: number;
  /** The key is published from `createdAtMs` and signs from this time on. */
  readonly signsFromMs: number;
  /** The key is no longer published after this time: every token it signed has expired. */
  readonly goneAtMs: number;
}

export interface SigningKeyStore {
  /** Oldest first. */
  list(): Promise<readonly SigningKeyRecord[]>;
  /**
   * Adds a key if the newest stored key is still `newestKid` (null: none), so that of several nodes rotating at once
   * only one adds a key. Removes keys whose `goneAtMs` has passed.
   */
  add(key: SigningKeyRecord, newestKid: string | null): Promise<boolean>;
  /**
   * Raises the key's `goneAtMs` to this time if that is later, for a token that lives longer. False when the key has
   * been removed.
   */
  keepUntil(kid: string, goneAtMs: number): Promise<boolean>;
}
