import type { Clock } from '../../ports/clock.js';

/** At most one sweep for expired entries in this time. */
const SWEEP_EVERY_MS = 10_000;

interface Entry<V> {
  readonly value: V;
  readonly expiresAtMs: number;
}

/** A map whose entries expire. Writes sweep expired entries that nobody reads. */
export class ExpiringMap<K, V> {
  readonly #clock: Clock;
  readonly #entries = new Map<K, Entry<V>>();
  #sweptAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sweptAtMs = clock.nowMs();
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresAtMs > this.#clock.nowMs()) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: K, value: V, expiresAtMs: number): void {
    this.#sweep();
    this.#entries.set(key, { value, expiresAtMs });
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }

  /** Includes expired entries that have not been swept yet. */
  get size(): number {
    return this.#entries.size;
  }

  #sweep(): void {
    const nowMs = this.#clock.nowMs();
    // The absolute value keeps sweeps going after the clock was set back.
    if (Math.abs(nowMs - this.#sweptAtMs) < SWEEP_EVERY_MS) return;
    this.#sweptAtMs = nowMs;
    for (const [key, entry] of this.#entries) if (entry.expiresAtMs <= nowMs) this.#entries.delete(key);
  }
}
