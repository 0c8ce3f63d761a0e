/** Age after which the next call measures the clock again: clocks drift, and people set them. */
const MEASURE_EVERY_MS = 5_000;

/**
 * Estimates the server's clock, so that a script can refuse to run after its caller gave up: when a stalled Redis
 * wakes, it runs everything that it had received. The link sends no script before there is an estimate.
 *
 * The estimate is never ahead of the server's clock, so a deadline is never later than the caller means. It lags by the
 * travel time of one reply. It uses the process's monotonic clock, even in tests, because the server is real.
 */
export class ServerTime {
  readonly #ask: () => Promise<readonly unknown[]>;
  #offsetMs: number | null = null;
  #measuredAtMs = 0;
  #measuring: Promise<void> | null = null;
  /** Counts connections: an answer over an earlier connection says nothing about the server of this one. */
  #connection = 0;

  /** `ask` returns the TIME reply, [seconds, microseconds], of each server that may run scripts. */
  constructor(ask: () => Promise<readonly unknown[]>) {
    this.#ask = ask;
  }

  get isKnown(): boolean {
    return this.#offsetMs !== null;
  }

  /** The server's time, in Unix ms, `delayMs` from now. Throws a TypeError while the server's clock is unknown. */
  after(delayMs: number): number {
    if (this.#offsetMs === null) throw new TypeError('the server time is not known');
    const now = performance.now();
    if (now - this.#measuredAtMs > MEASURE_EVERY_MS) this.measure().catch(() => undefined);
    return Math.floor(now + this.#offsetMs + delayMs);
  }

  /** Rejects when no server answers; the previous estimate stays. */
  measure(): Promise<void> {
    this.#measuring ??= this.#measureOnce().finally(() => {
      this.#measuring = null;
    });
    return this.#measuring;
  }

  forget(): void {
    this.#offsetMs = null;
    this.#measuring = null;
    this.#connection += 1;
  }

  async #measureOnce(): Promise<void> {
    const connection = this.#connection;
    const replies = await this.#ask();
    const answeredAtMs = performance.now();
    const offsets = replies.map((reply) => unixMsOf(reply) - answeredAtMs).filter(Number.isFinite);
    if (offsets.length === 0) throw new Error('no server told its time');
    if (connection !== this.#connection) return;
    // Use the slowest clock, because a script may run on any of the servers.
    this.#offsetMs = Math.min(...offsets);
    this.#measuredAtMs = answeredAtMs;
  }
}

function unixMsOf(reply: unknown): number {
  return Array.isArray(reply) ? Number(reply[0]) * 1000 + Number(reply[1]) / 1000 : Number.NaN;
}
