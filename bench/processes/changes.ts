/** Waiting for something to be so, never for time to pass: every wait has a name and a bound. */
const PATIENCE_MS = 5_000;

/** A state that changes, and those who wait for it. Its owner calls `notify` after each change. */
export class Changes {
  private readonly waiting = new Set<() => void>();

  notify(): void {
    for (const wake of [...this.waiting]) wake();
  }

  /**
   * What `look` gives as soon as it is not null; it is asked now and after each change.
   * Rejects with what `look` throws, or with `what` when `withinMs` pass.
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

/** What must be so for a run to count; the run ends with `otherwise` when it is not. */
export function demand(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) throw new Error(otherwise);
}
