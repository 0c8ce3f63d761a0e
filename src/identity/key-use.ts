/**
 * When API keys were used last: told to the store at most once a minute a key, beside the request and not in its way.
 * What a store that is away is not told is told with the next use a minute later.
 */
import type { KeyId } from '../protocol/ids.js';
import type { Clock } from '../ports/clock.js';
import type { KeyStore } from '../ports/key-store.js';
import type { Log } from '../ports/log.js';

const EVERY_MS = 60_000;
/** Beyond this the key that was noted longest ago is forgotten, and noted again with its next use. */
const MAX_KEYS = 10_000;

export interface KeyUseDeps {
  readonly store: Pick<KeyStore, 'noteUse'>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'error'>;
}

export class KeyUse {
  /** In the order of noting. */
  private readonly notedAtMs = new Map<KeyId, number>();

  constructor(private readonly deps: KeyUseDeps) {}

  /** Returns at once. */
  note(id: KeyId): void {
    const { store, clock, log } = this.deps;
    const monotonicMs = clock.monotonicMs();
    const notedAtMs = this.notedAtMs.get(id);
    if (notedAtMs !== undefined && monotonicMs - notedAtMs < EVERY_MS) return;
    this.remember(id, monotonicMs);
    store.noteUse(id, clock.nowMs()).catch((error: unknown) => {
      log.error('key_use_not_kept', error, { key: id });
    });
  }

  private remember(id: KeyId, monotonicMs: number): void {
    this.notedAtMs.delete(id);
    this.notedAtMs.set(id, monotonicMs);
    if (this.notedAtMs.size <= MAX_KEYS) return;
    for (const oldest of this.notedAtMs.keys()) {
      this.notedAtMs.delete(oldest);
      return;
    }
  }
}
