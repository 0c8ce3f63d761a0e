/**
 * The keys that sign session tokens: shared by all nodes, private halves sealed.
 * Rejects with `Failure('store_unavailable')` when the store does not answer.
 */
export interface SigningKeyRecord {
  readonly kid: string;
  /** The public half as JWK, JSON text. */
  readonly publicJwk: string;
  /** The private half as PKCS#8 PEM, sealed with the server secret. */
  readonly sealedPrivate: string;
  readonly createdAtMs: number;
  /** It is published from `createdAtMs`, and signs from then on. */
  readonly signsFromMs: number;
  /** It is published no longer: every token it signed has ended. */
  readonly goneAtMs: number;
}

export interface SigningKeyStore {
  /** Oldest first. */
  list(): Promise<readonly SigningKeyRecord[]>;
  /**
   * Adds a key unless the newest kept one is not `newestKid` (null: there is none) any more: of several nodes that
   * rotate at once one adds. Keys whose `goneAtMs` has passed are forgotten.
   */
  add(key: SigningKeyRecord, newestKid: string | null): Promise<boolean>;
  /** Moves `goneAtMs` of a key to then when that is later: it signs a token that lives longer. False when it is forgotten. */
  keepUntil(kid: string, goneAtMs: number): Promise<boolean>;
}
