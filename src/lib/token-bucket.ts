/**
 * A token bucket: `perSecond` tokens a second, at most one second's worth saved up. 0 a second means no limit.
 * Holds numbers only; two of them sit in every connection.
 */
export class TokenBucket {
  private tokens: number;
  private lastMs: number;

  constructor(
    private readonly perSecond: number,
    nowMs: number,
  ) {
    this.tokens = perSecond;
    this.lastMs = nowMs;
  }

  /** Refills up to `nowMs` (monotonic) and says whether `amount` is there. Takes nothing. */
  has(amount: number, nowMs: number): boolean {
    if (this.perSecond === 0) return true;
    const refill = ((nowMs - this.lastMs) * this.perSecond) / 1000;
    this.lastMs = nowMs;
    this.tokens = Math.min(this.perSecond, this.tokens + refill);
    // One message may be larger than a second's worth: it passes when the bucket is full, and empties it.
    return this.tokens >= Math.min(amount, this.perSecond);
  }

  take(amount: number): void {
    if (this.perSecond !== 0) this.tokens = Math.max(0, this.tokens - amount);
  }

  /** Whether at least half a second's worth is saved up: the sender has calmed down. */
  isCalm(): boolean {
    return this.perSecond === 0 || this.tokens * 2 >= this.perSecond;
  }
}
