/**
 * Limits how much event-loop time one peer can take: a token bucket of milliseconds that refills `msPerS` a second and
 * holds at most that many. 0: no limit.
 */

/**
 * The most that one piece of work is charged. The measured time is wall-clock time: it includes garbage-collection
 * pauses and other programs' turns, which the peer did not cause. The budget survives four such pauses within a second.
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

  /** Refills up to `nowMs` (monotonic) and returns whether anything is left. */
  has(nowMs: number): boolean {
    if (this.msPerS === 0) return true;
    this.leftMs = Math.min(this.msPerS, this.leftMs + ((nowMs - this.lastMs) * this.msPerS) / 1000);
    this.lastMs = nowMs;
    if (this.isOver && this.isCalm()) this.isOver = false;
    return this.leftMs > 0;
  }

  /** True when this charge uses up the budget for the first time since it was calm. The balance can go negative. */
  charge(workMs: number): boolean {
    if (this.msPerS === 0) return false;
    this.leftMs -= Math.min(workMs, MAX_CHARGE_MS);
    if (this.leftMs > 0 || this.isOver) return false;
    this.isOver = true;
    return true;
  }

  /** Whether the budget is at least half full: the peer has slowed down. */
  isCalm(): boolean {
    return this.leftMs * 2 >= this.msPerS;
  }
}
