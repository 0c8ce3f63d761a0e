import type { Clock } from '../../ports/clock.js';

/** Far more keys than a deployment ever has; only ids of retired keys can pass the MAC check repeatedly. */
const MAX_KEYS = 1000;

/**
 * Headers whose key was missing from the store a moment ago, so that a repeated header does not cause a store call each
 * time.
 */
export class MissingKeys {
  private readonly untilMs = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly ttlMs: number,
  ) {}

  has(header: string): boolean {
    const untilMs = this.untilMs.get(header);
    if (untilMs === undefined) return false;
    if (untilMs > this.clock.monotonicMs()) return true;
    this.untilMs.delete(header);
    return false;
  }

  /** Drops the oldest when full. */
  add(header: string): void {
    this.untilMs.delete(header);
    this.untilMs.set(header, this.clock.monotonicMs() + this.ttlMs);
    if (this.untilMs.size <= MAX_KEYS) return;
    for (const oldest of this.untilMs.keys()) {
      this.untilMs.delete(oldest);
      return;
    }
  }
}
