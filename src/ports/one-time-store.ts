/**
 * Values that can be taken once: wallet nonces, sign-in tickets, password reset tokens. Rejects with
 * `Failure('store_unavailable')` when the store does not answer.
 */
/** `known_address` is never taken: it records that an account signed in from an address recently. */
export type OneTimeKind = 'wallet_nonce' | 'sign_in_ticket' | 'password_reset' | 'known_address';

export interface OneTimeStore {
  /**
   * `name` is a digest of the value that the user will present, never the secret itself. Replaces an existing entry of
   * that name.
   */
  put(kind: OneTimeKind, name: string, value: string, ttlMs: number): Promise<void>;
  /** Removes the entry and returns its value to exactly one caller; null for all others and after it expires. */
  take(kind: OneTimeKind, name: string): Promise<string | null>;
  /** Returns the value and leaves the entry in place. */
  peek(kind: OneTimeKind, name: string): Promise<string | null>;
}
