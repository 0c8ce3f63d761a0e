/**
 * Records when API keys were last used: at most one store call a minute per key, in the background. If the store is
 * unavailable, the next use after a minute tries again.
 */
import type { KeyId } from '../protocol/ids.js';
import type { Clock } from '../ports/clock.js';
import type { KeyStore } from '../ports/key-store.js';
import type { Log } from '../ports/log.js';

const EVERY_MS = 60_000;
/** At this size the key that was noted longest ago is dropped; its next use notes it again. */
const MAX_KEYS = 10_000;

export interface KeyUseDeps {
  readonly store: Pick<KeyStore, 'noteUse'>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'error'>;
}

export class KeyUse {
  /** Ordered by time of noting. */
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
