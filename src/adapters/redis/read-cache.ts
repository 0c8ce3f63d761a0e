import { deepFreeze } from '../../lib/deep-freeze.js';
import { asText } from './replies.js';

/** A full cache takes about 10 MB. */
const MAX_ENTRIES = 2_000;
const MAX_LENGTH = 4_096;

/**
 * Redis is asked each time; only what it said word for word the last time is not read again. Sessions, clients and users
 * are asked for many times between two changes of them, and reading one takes longer than asking.
 */
export class ReadCache<T> {
  /** The least recently asked for first. */
  readonly #entries = new Map<string, { readonly text: string; readonly value: T }>();

  /**
   * Returns what `read` makes of the reply, which is text. The value is shared between callers, and so frozen. `key` tells the things apart.
   * Rejects (throws) as `read` does, and for what is no text.
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
