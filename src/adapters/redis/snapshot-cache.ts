import { deepFreeze } from '../../lib/deep-freeze.js';
import type { SessionWithSeats } from '../../ports/relay-store.js';
import type { SessionId } from '../../protocol/ids.js';
import { asText } from './replies.js';
import { decodeSnapshot } from './session-codec.js';

/** Of the order of 10 MB when full. */
const MAX_SESSIONS = 2_000;
const MAX_LENGTH = 4_096;

/**
 * Redis is asked each time; only what it said word for word the last time is not read again. Backends ask after a
 * session many times between two changes of it, and reading one takes longer than asking.
 */
export class SnapshotCache {
  /** The least recently asked for first. */
  readonly #read = new Map<SessionId, { readonly text: string; readonly snapshot: SessionWithSeats }>();

  /** Shared between callers, and so frozen. Rejects (throws) for what is no snapshot. */
  decode(id: SessionId, reply: unknown): SessionWithSeats {
    const text = asText(reply);
    const known = this.#read.get(id);
    if (known !== undefined) this.#read.delete(id);
    const read = known?.text === text ? known : { text, snapshot: deepFreeze(decodeSnapshot(id, text)) };
    if (text.length <= MAX_LENGTH) this.#keep(id, read);
    return read.snapshot;
  }

  #keep(id: SessionId, read: { readonly text: string; readonly snapshot: SessionWithSeats }): void {
    this.#read.set(id, read);
    if (this.#read.size <= MAX_SESSIONS) return;
    for (const oldest of this.#read.keys()) {
      this.#read.delete(oldest);
      return;
    }
  }
}
