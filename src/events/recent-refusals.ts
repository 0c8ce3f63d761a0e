/** Remembers for a few seconds why joins failed, so that a client can ask for the reason without another question. */
import type { Clock } from '../ports/clock.js';
import type { Failure } from '../protocol/failure.js';

/** A client asks directly after its failed handshake. */
const KEPT_MS = 5_000;
const MAX_KEPT = 10_000;

export class RecentRefusals {
  /** Oldest first. */
  private readonly kept = new Map<string, { readonly failure: Failure; readonly untilMs: number }>();

  constructor(private readonly clock: Pick<Clock, 'monotonicMs'>) {}

  note(key: string, failure: Failure): void {
    const nowMs = this.clock.monotonicMs();
    this.kept.delete(key);
    for (const [oldest, { untilMs }] of this.kept) {
      if (untilMs > nowMs && this.kept.size < MAX_KEPT) break;
      this.kept.delete(oldest);
    }
    this.kept.set(key, { failure, untilMs: nowMs + KEPT_MS });
  }

  forget(key: string): void {
    this.kept.delete(key);
  }

  find(key: string): Failure | null {
    const found = this.kept.get(key);
    return found !== undefined && found.untilMs > this.clock.monotonicMs() ? found.failure : null;
  }
}
