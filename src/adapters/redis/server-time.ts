/** Measured again this often, at the next call after it: clocks drift. */
const MEASURE_EVERY_MS = 30_000;

/**
 * Estimates the server's clock, so that a script can refuse to run after its caller gave up: a Redis that was
 * stalled works through what it had received when it wakes. Without an estimate there is no such limit.
 *
 * It runs on the process's own monotonic clock, also in tests: it is about a real server.
 */
export class ServerTime {
  readonly #ask: () => Promise<unknown>;
  #offsetMs: number | null = null;
  #measuredAtMs = 0;
  #measuring = false;

  /** `ask` replies TIME: [seconds, microseconds]; anything else means that there is no one clock to ask for. */
  constructor(ask: () => Promise<unknown>) {
    this.#ask = ask;
  }

  /** The server's Unix ms in `delayMs` from now; 0 when it is not known. */
  after(delayMs: number): number {
    const now = performance.now();
    if (this.#offsetMs === null) return 0;
    if (now - this.#measuredAtMs > MEASURE_EVERY_MS) this.measure();
    return Math.ceil(now + this.#offsetMs + delayMs);
  }

  /** Starts a measurement; a failed one leaves what was known. */
  measure(): void {
    if (this.#measuring) return;
    this.#measuring = true;
    const sentAtMs = performance.now();
    this.#ask()
      .then((reply) => this.#onReply(reply, sentAtMs))
      .catch(() => undefined)
      .finally(() => {
        this.#measuring = false;
      });
  }

  forget(): void {
    this.#offsetMs = null;
  }

  #onReply(reply: unknown, sentAtMs: number): void {
    if (!Array.isArray(reply)) return;
    const serverMs = Number(reply[0]) * 1000 + Number(reply[1]) / 1000;
    if (!Number.isFinite(serverMs)) return;
    // Up to a round trip too late, never too early: nothing is refused that its caller still waits for.
    this.#offsetMs = serverMs - sentAtMs;
    this.#measuredAtMs = performance.now();
  }
}
