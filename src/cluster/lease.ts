/**
 * This node's lease, as far as the node can be certain of it. The node counts its lease from before each renewal, so
 * it gives the lease up earlier than the store does. After a gap the node trusts its lease again only when everything
 * that it holds was compared with the store.
 */
import type { Clock } from '../ports/clock.js';

/** Four renewals in a row may fail before the lease ends. */
const RENEWALS_PER_LEASE = 5;
/** The node treats its lease as shorter by this part of it: clocks drift, and an ack takes time to leave. */
const MARGIN_PART = 0.1;

export class Lease {
  readonly renewEveryMs: number;
  private readonly usableMs: number;
  /** In monotonic milliseconds. */
  private untilMs = -Infinity;
  /** The end of the lease by the store's clock; null: not known yet. */
  private storeUntilMs: number | null = null;
  /** The start of the current unbroken time of holding the lease. */
  private steadySinceMs = Infinity;
  private gaps = 0;
  private isCompared = false;

  constructor(
    readonly lengthMs: number,
    /** No node of the cluster has a longer lease. */
    private readonly longestMs: number,
    private readonly clock: Clock,
  ) {
    this.renewEveryMs = lengthMs / RENEWALS_PER_LEASE;
    this.usableMs = lengthMs * (1 - MARGIN_PART);
  }

  /** Whether the node certainly holds the lease, and knows what it holds under it. */
  get isHeld(): boolean {
    return this.isCompared && this.clock.monotonicMs() < this.untilMs;
  }

  /**
   * Whether the lease has been held for as long as any node's lease can be. Only then has every live node had the time
   * to renew its own: a node that the store does not know is dead.
   */
  get isSteady(): boolean {
    return this.isHeld && this.clock.monotonicMs() - this.steadySinceMs >= this.longestMs;
  }

  /** False from a gap until `compared` ends it. */
  get isCertain(): boolean {
    return this.isCompared;
  }

  /** Names the current unbroken time; it changes with each gap. */
  get gap(): number {
    return this.gaps;
  }

  /**
   * The store has renewed the lease. `startedMs`: when the call was made. `storeBeforeMs`: when the lease before it
   * ends or ended, by the store's clock; null: the store had none. Returns for how long the node had no lease, in ms,
   * 0 also when only the store has lost it; null: there was no gap.
   */
  renewed(startedMs: number, storeBeforeMs: number | null, storeUntilMs: number | null): number | null {
    const nowMs = this.clock.monotonicMs();
    const hasStoreLost = this.storeUntilMs !== null && (storeBeforeMs ?? 0) < this.storeUntilMs;
    const isGap = hasStoreLost || nowMs >= this.untilMs;
    const withoutMs = Math.max(0, nowMs - this.untilMs);
    if (isGap) {
      this.gaps += 1;
      this.isCompared = false;
      this.steadySinceMs = startedMs;
    }
    this.storeUntilMs = storeUntilMs ?? this.storeUntilMs;
    this.untilMs = startedMs + this.usableMs;
    return isGap ? withoutMs : null;
  }

  /** All that the node holds was compared since this gap. Returns whether there was no other gap since. */
  compared(gap: number): boolean {
    this.isCompared = gap === this.gaps;
    return this.isCompared;
  }

  end(): void {
    this.untilMs = -Infinity;
  }
}
