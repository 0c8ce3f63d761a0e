/**
 * Rate limits across all nodes: GCRA (two numbers per key) in the store's own time, so clock differences between nodes
 * do not matter. Rejects with `Failure('store_unavailable')` when the store does not answer.
 */
export interface Rate {
  /** How many uses are allowed at once. */
  readonly burst: number;
  /** The time in which a used-up burst refills, in ms. */
  readonly periodMs: number;
}

export type RateResult = { readonly allowed: true } | { readonly allowed: false; readonly retryAfterMs: number };

export interface RateLimitStore {
  /** Takes one use of every key, or of none when one key is used up. At most 4 keys. */
  take(limits: readonly { readonly key: string; readonly rate: Rate }[]): Promise<RateResult>;
  /** Restores the key's full burst. */
  reset(key: string): Promise<void>;
}
