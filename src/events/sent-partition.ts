/** One partition of the sender: what it sends now, and when it looks for more. */
import type { Clock, Timer } from '../ports/clock.js';
import type { DeliveryCounts } from '../ports/delivery-queue.js';
import type { FeedHold } from '../ports/event-feed.js';

export class SentPartition {
  readonly inFlight = new Set<string>();
  /** The attempts under way. */
  readonly running = new Set<Promise<void>>();
  hold: FeedHold;
  counts: DeliveryCounts = { waiting: 0, oldestAtMs: null, dead: 0 };
  readonly #clock: Clock;
  readonly #look: () => Promise<number>;
  #timer: Timer | null = null;
  #isLooking = false;
  /** Something became due during the look. */
  #isStale = false;
  #isStopped = false;
  #cut = new AbortController();
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

  /** Aborts the attempts that begin now. */
  get signal(): AbortSignal {
    return this.#cut.signal;
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

  /** Ends what is under way. The targets may have got it, and get it again from the next owner. */
  abort(): void {
    this.#cut.abort();
  }

  /** The node owns the partition again; what is still under way stays in flight. */
  resume(): void {
    this.#isStopped = false;
    if (this.#cut.signal.aborted) this.#cut = new AbortController();
  }
}
