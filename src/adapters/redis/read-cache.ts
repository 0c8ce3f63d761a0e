import { deepFreeze } from '../../lib/deep-freeze.js';
import { asText } from './replies.js';

/** A full cache takes about 10 MB. */
const MAX_ENTRIES = 2_000;
const MAX_LENGTH = 4_096;

/**
 * Skips the parsing of a reply that equals the last one; it never saves a call to Redis. Callers read sessions, devices
 * and users many times between two changes, and parsing one takes longer than fetching it.
 */
export class ReadCache<T> {
  /** Ordered by last use, the oldest first. */
  readonly #entries = new Map<string, { readonly text: string; readonly value: T }>();

  /**
   * Returns `read(reply)`, or the cached value of the same reply under this `key`. Callers share the value, so it is
   * frozen. Throws what `read` throws, and for a reply that is not text.
   */
  get(key: string, reply: unknown, read: (text: string) => T): T {
    const text = asText(reply);
    const known = this.#entries.get(key);
    if (known !== undefined) this.#entries.delete(key);
    const entry = known?.text === text ? known : { text, value: deepFreeze(read(text)) };
    if (text.length <= MAX_LENGTH) this.#keep(key, entry);
    return entry.value;
  }

  #keep(key: string, entry: { readonly text: string; readonly value: T }): void {
    this.#entries.set(key, entry);
    if (this.#entries.size <= MAX_ENTRIES) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
