import type { Clock } from '../../ports/clock.js';

/** Far more than the keys a deployment ever had: ids of retired ones are all that somebody can show again. */
const MAX_KEYS = 1000;

/** Headers whose key the store did not have a moment ago, so that one that is shown again and again is not looked for each time. */
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

  /** The oldest is forgotten when there are too many. */
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
