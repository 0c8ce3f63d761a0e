/** Waits for a condition: every wait has a name and a bound. */
import { setTimeout as pause } from 'node:timers/promises';

const PATIENCE_MS = 5_000;

/** A state that changes, and waits for it. Its owner calls `notify` after each change. */
export class Changes {
  private readonly waiting = new Set<() => void>();

  notify(): void {
    for (const wake of [...this.waiting]) wake();
  }

  /**
   * Calls `look` now and after each change. Resolves with its first result that is not null. Rejects with what `look`
   * throws, or with `what` when `withinMs` have passed.
   */
  async until<T>(what: string, look: () => T | null, withinMs: number = PATIENCE_MS): Promise<T> {
    const deadlineMs = performance.now() + withinMs;
    for (;;) {
      const found = look();
      if (found !== null) return found;
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) throw new Error(`${what}: not within ${withinMs} ms`);
      await this.next(leftMs);
    }
  }

  /** Resolves at the next change, or after `limitMs`. */
  private next(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, limitMs);
      this.waiting.add(wake);
    });
  }
}

/** Throws `otherwise` unless the condition holds: the run does not count then. */
export function demand(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) throw new Error(otherwise);
}

/** Resolves at that time of `performance.now()`. */
export function untilTime(atMs: number): Promise<void> {
  return pause(Math.max(0, atMs - performance.now()));
}
