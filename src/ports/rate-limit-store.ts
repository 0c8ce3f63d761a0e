/**
 * Rate limits that hold over all nodes: GCRA (two numbers a key) in the store's own time, so that skewed clocks of
 * nodes do not matter. Rejects with `Failure('store_unavailable')` when the store does not answer.
 */
export interface Rate {
  /** How many at once. */
  readonly burst: number;
  /** In how long that many come back. */
  readonly periodMs: number;
}

export type RateResult = { readonly allowed: true } | { readonly allowed: false; readonly retryAfterMs: number };

export interface RateLimitStore {
  /** Takes one of every key, or none when one key has none left. At most 4 keys. */
  take(limits: readonly { readonly key: string; readonly rate: Rate }[]): Promise<RateResult>;
  /** Gives the key all of its burst back. */
  reset(key: string): Promise<void>;
}
