/**
 * How much time of the event loop one peer may take: a token bucket of milliseconds, `msPerS` in a second, at most one
 * second's worth saved up. 0 a second means no limit.
 */

/**
 * The most that one piece of work is charged. What was measured is time by the clock: it holds the pauses of garbage
 * collection and the turns of other programs, which are nobody's doing. Four such pauses within a second pass.
 */
export const MAX_CHARGE_MS = 5;

export class WorkBudget {
  private leftMs: number;
  private lastMs: number;
  private isOver = false;

  constructor(
    private readonly msPerS: number,
    nowMs: number,
  ) {
    this.leftMs = msPerS;
    this.lastMs = nowMs;
  }

  /** Refills up to `nowMs` (monotonic) and says whether anything is left. */
  has(nowMs: number): boolean {
    if (this.msPerS === 0) return true;
    this.leftMs = Math.min(this.msPerS, this.leftMs + ((nowMs - this.lastMs) * this.msPerS) / 1000);
    this.lastMs = nowMs;
    if (this.isOver && this.isCalm()) this.isOver = false;
    return this.leftMs > 0;
  }

  /** True when this uses the budget up, for the first time since it was calm. What was overdrawn is owed. */
  charge(workMs: number): boolean {
    if (this.msPerS === 0) return false;
    this.leftMs -= Math.min(workMs, MAX_CHARGE_MS);
    if (this.leftMs > 0 || this.isOver) return false;
    this.isOver = true;
    return true;
  }

  /** Whether at least half a second's worth is saved up: the peer has calmed down. */
  isCalm(): boolean {
    return this.leftMs * 2 >= this.msPerS;
  }
}
