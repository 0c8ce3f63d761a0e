import type { Log, LogFields } from '../../ports/log.js';

/** Redis must serve for this long before an outage is over, so that a flapping Redis counts as one outage. */
const SETTLE_MS = 1_000;

/** Logs the start of an outage (Redis is unavailable or refuses writes) once, and its end once with a summary. */
export class Outage {
  readonly #log: Log;
  readonly #fields: LogFields;
  #state: 'new' | 'up' | 'down' | 'settling' | 'stopped' = 'new';
  #sinceMs = 0;
  #backSinceMs = 0;
  #losses = 0;
  #failedCalls = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Log, fields: LogFields) {
    this.#log = log;
    this.#fields = fields;
  }

  /** Call it when Redis becomes unavailable or refuses writes. */
  begin(reason: string): void {
    if (this.#state === 'stopped') return;
    this.#losses += 1;
    clearTimeout(this.#timer);
    if (this.#state === 'new' || this.#state === 'up') {
      this.#sinceMs = performance.now();
      this.#log.warn('store_lost', { ...this.#fields, reason });
    }
    this.#state = 'down';
  }

  /** Call it when Redis serves again. */
  end(): void {
    if (this.#state === 'new') {
      this.#state = 'up';
      this.#log.info('store_connected', this.#fields);
    }
    if (this.#state !== 'down') return;
    this.#state = 'settling';
    this.#backSinceMs = performance.now();
    this.#timer = setTimeout(() => this.#settle(), SETTLE_MS);
    this.#timer.unref();
  }

  countFailedCall(): void {
    this.#failedCalls += 1;
  }

  stop(): void {
    this.#state = 'stopped';
    clearTimeout(this.#timer);
  }

  #settle(): void {
    this.#state = 'up';
    const lastedMs = Math.round(this.#backSinceMs - this.#sinceMs);
    const counts = { lasted_ms: lastedMs, times_lost: this.#losses, failed_calls: this.#failedCalls };
    this.#log.info('store_connected', { ...this.#fields, ...counts });
    this.#losses = 0;
    this.#failedCalls = 0;
  }
}
