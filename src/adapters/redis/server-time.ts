/** Measured again this often, at the next call after it: clocks drift, and are set. */
const MEASURE_EVERY_MS = 5_000;

/**
 * Estimates the server's clock, so that a script can refuse to run after its caller gave up: a Redis that was stalled works
 * through what it had received when it wakes. Nothing is sent before there is an estimate.
 *
 * The estimate is never ahead of the server's clock, so a deadline is never later than the caller means. It is behind by the
 * way of one reply. It runs on the process's own monotonic clock, also in tests: it is about a real server.
 */
export class ServerTime {
  readonly #ask: () => Promise<readonly unknown[]>;
  #offsetMs: number | null = null;
  #measuredAtMs = 0;
  #measuring: Promise<void> | null = null;
  /** Counts connections: an answer over an earlier one says nothing about this one's server. */
  #connection = 0;

  /** `ask` gives the replies to TIME of every server that scripts may run on: [seconds, microseconds] each. */
  constructor(ask: () => Promise<readonly unknown[]>) {
    this.#ask = ask;
  }

  get isKnown(): boolean {
    return this.#offsetMs !== null;
  }

  /** The server's Unix ms in `delayMs` from now. Throws a TypeError while it is not known. */
  after(delayMs: number): number {
    if (this.#offsetMs === null) throw new TypeError('the server time is not known');
    const now = performance.now();
    if (now - this.#measuredAtMs > MEASURE_EVERY_MS) this.measure().catch(() => undefined);
    return Math.floor(now + this.#offsetMs + delayMs);
  }

  /** Rejects when no server answers; what was known stays. */
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
    // The clock that is most behind counts, because a script may run on any of the servers.
    this.#offsetMs = Math.min(...offsets);
    this.#measuredAtMs = answeredAtMs;
  }
}

function unixMsOf(reply: unknown): number {
  return Array.isArray(reply) ? Number(reply[0]) * 1000 + Number(reply[1]) / 1000 : Number.NaN;
}
