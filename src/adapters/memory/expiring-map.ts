import type { Clock } from '../../ports/clock.js';

/** Entries whose time is up are looked for at most this often. */
const SWEEP_EVERY_MS = 10_000;

interface Entry<V> {
  readonly value: V;
  readonly expiresAtMs: number;
}

/** A map whose entries end by themselves. What nobody asks for again is dropped as others are written. */
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

  /** Those that are due and not yet dropped included. */
  get size(): number {
    return this.#entries.size;
  }

  #sweep(): void {
    const nowMs = this.#clock.nowMs();
    // A clock that was set back must not stop the sweeps.
    if (Math.abs(nowMs - this.#sweptAtMs) < SWEEP_EVERY_MS) return;
    this.#sweptAtMs = nowMs;
    for (const [key, entry] of this.#entries) if (entry.expiresAtMs <= nowMs) this.#entries.delete(key);
  }
}
