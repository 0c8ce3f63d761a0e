/**
 * Things that can be had once: wallet nonces, sign-in tickets, password reset tokens.
 * Rejects with `Failure('store_unavailable')` when the store does not answer.
 */
/** `known_address` is never taken: it notes from where an account signed in lately. */
export type OneTimeKind = 'wallet_nonce' | 'sign_in_ticket' | 'password_reset' | 'known_address';

export interface OneTimeStore {
  /** `name` is a digest of what will be presented, never the secret itself. A name that is there already is replaced. */
  put(kind: OneTimeKind, name: string, value: string, ttlMs: number): Promise<void>;
  /** The value, to exactly one of any number of callers; null for the others and after its time. */
  take(kind: OneTimeKind, name: string): Promise<string | null>;
  /** The value, left where it is. */
  peek(kind: OneTimeKind, name: string): Promise<string | null>;
}
