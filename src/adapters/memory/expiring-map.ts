import type { Clock } from '../../ports/clock.js';
import { DueQueue } from './due-queue.js';

/**
 * The most entries that a map holds. When it is full of entries that have not expired, `drop` removes the one that
 * expires first, and `refuse` takes no new key. Whoever chooses says why: an entry that an attacker can push out must
 * protect nobody.
 */
export interface MapBound {
  readonly most: number;
  readonly whenFull: 'drop' | 'refuse';
}

interface Entry<K, V> {
  readonly key: K;
  readonly value: V;
  readonly expiresAtMs: number;
}

/** The queue may hold this many entries that were replaced or deleted, and as many as there are live ones. */
const STALE_SLACK = 1000;

/** A map whose entries expire, bounded in count. Each write drops the entries that have expired. */
export class ExpiringMap<K, V> {
  readonly #clock: Clock;
  readonly #bound: MapBound;
  readonly #entries = new Map<K, Entry<K, V>>();
  /** Entries by their end. Also holds some that were replaced or deleted: those are not in the map. */
  #byEnd = new DueQueue<Entry<K, V>>();

  constructor(clock: Clock, bound: MapBound) {
    this.#clock = clock;
    this.#bound = bound;
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresAtMs > this.#clock.nowMs()) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  /** False when the map refuses a new key because it is full; it never refuses to replace an entry. */
  set(key: K, value: V, expiresAtMs: number): boolean {
    if (!this.hasRoomFor([key]) && !this.#dropFirst()) return false;
    const entry = { key, value, expiresAtMs };
    this.#entries.set(key, entry);
    this.#byEnd.push(entry, expiresAtMs);
    if (this.#byEnd.size > 2 * this.#entries.size + STALE_SLACK) this.#forgetStale();
    return true;
  }

  /** Whether all of these keys fit without dropping or refusing any. */
  hasRoomFor(keys: readonly K[]): boolean {
    this.#dropExpired();
    const isNew = (key: K): boolean => !this.#entries.has(key);
    return this.#entries.size + keys.filter(isNew).length <= this.#bound.most;
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }

  /** Includes entries that have expired since the last write. */
  get size(): number {
    return this.#entries.size;
  }

  #dropExpired(): void {
    const nowMs = this.#clock.nowMs();
    for (let due = this.#byEnd.popDue(nowMs); due !== null; due = this.#byEnd.popDue(nowMs)) this.#drop(due);
  }

  #dropFirst(): boolean {
    if (this.#bound.whenFull === 'refuse') return false;
    for (let first = this.#byEnd.popDue(Infinity); first !== null; first = this.#byEnd.popDue(Infinity)) {
      if (this.#drop(first)) return true;
    }
    return false;
  }

  #drop(entry: Entry<K, V>): boolean {
    return this.#entries.get(entry.key) === entry && this.#entries.delete(entry.key);
  }

  #forgetStale(): void {
    this.#byEnd = new DueQueue();
    for (const entry of this.#entries.values()) this.#byEnd.push(entry, entry.expiresAtMs);
  }
}
