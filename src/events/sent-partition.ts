/** One partition of the sender: what it sends now, and when it looks for more. */
import type { Clock, Timer } from '../ports/clock.js';
import type { DeliveryCounts } from '../ports/delivery-queue.js';
import type { FeedHold } from '../ports/event-feed.js';

export class SentPartition {
  readonly inFlight = new Set<string>();
  hold: FeedHold;
  counts: DeliveryCounts = { waiting: 0, oldestAtMs: null, dead: 0 };
  readonly #clock: Clock;
  readonly #look: () => Promise<number>;
  #timer: Timer | null = null;
  #isLooking = false;
  /** Something became due during the look. */
  #isStale = false;
  #isStopped = false;
  #trimmedAtMs = -Infinity;

  /** `look` sends what is due, and answers in how many milliseconds to look again. It never rejects. */
  constructor(hold: FeedHold, clock: Clock, look: () => Promise<number>) {
    this.hold = hold;
    this.#clock = clock;
    this.#look = look;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  wake(): void {
    if (this.#isStopped) return;
    if (this.#isLooking) {
      this.#isStale = true;
      return;
    }
    this.#timer?.cancel();
    this.#isLooking = true;
    this.#isStale = false;
    const looking = this.#look().then((inMs) => {
      this.#isLooking = false;
      if (this.#isStopped) return;
      if (this.#isStale || inMs <= 0) this.wake();
      else this.#timer = this.#clock.after(inMs, () => this.wake());
    });
    looking.catch(() => undefined);
  }

  /** Whether the last trim is so long ago; then this one counts as done. */
  isTrimDue(nowMs: number, everyMs: number): boolean {
    if (nowMs - this.#trimmedAtMs < everyMs) return false;
    this.#trimmedAtMs = nowMs;
    return true;
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }
}
