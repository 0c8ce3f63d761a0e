/**
 * A token bucket: refills `perSecond` tokens a second and holds at most that many. 0: no limit. Holds numbers only;
 * each connection has two of them.
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

  /** Refills up to `nowMs` (monotonic) and returns whether `amount` is available. Takes nothing. */
  has(amount: number, nowMs: number): boolean {
    if (this.perSecond === 0) return true;
    const refill = ((nowMs - this.lastMs) * this.perSecond) / 1000;
    this.lastMs = nowMs;
    this.tokens = Math.min(this.perSecond, this.tokens + refill);
    // A message larger than the bucket passes when the bucket is full, and empties it.
    return this.tokens >= Math.min(amount, this.perSecond);
  }

  take(amount: number): void {
    if (this.perSecond !== 0) this.tokens = Math.max(0, this.tokens - amount);
  }

  /** Whether the bucket is at least half full: the sender has slowed down. */
  isCalm(): boolean {
    return this.perSecond === 0 || this.tokens * 2 >= this.perSecond;
  }
}
