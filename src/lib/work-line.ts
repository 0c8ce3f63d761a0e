/**
 * Work that nobody waits for: a few at once, a bounded line behind them. It begins a moment after it was offered, so
 * that how long it takes does not show in the time of whatever offered it. What does not fit is the caller's to tell.
 */
export interface WorkLineBounds {
  readonly atOnce: number;
  readonly waiting: number;
  /** How long work waits at least, while there is room for it. */
  readonly delayMs: number;
}

interface Timers {
  after(delayMs: number, run: () => void): { cancel(): void };
}

export class WorkLine {
  private readonly waiting: (() => Promise<void>)[] = [];
  private readonly running = new Set<Promise<void>>();
  private start: { cancel(): void } | null = null;
  private isStopped = false;

  constructor(
    private readonly bounds: WorkLineBounds,
    private readonly timers: Timers,
    /** Told what a piece of work rejected with. */
    private readonly onFailure: (cause: unknown) => void,
  ) {}

  /** How many wait for their turn. */
  get length(): number {
    return this.waiting.length;
  }

  /** Runs the work later; false when the line is full or has stopped. */
  offer(work: () => Promise<void>): boolean {
    if (this.isStopped || this.waiting.length >= this.bounds.waiting) return false;
    this.waiting.push(work);
    if (this.running.size < this.bounds.atOnce)
      this.start ??= this.timers.after(this.bounds.delayMs, () => this.begin());
    return true;
  }

  /** Drops what waits, takes nothing more and resolves when what runs has ended. Says how many were dropped. Idempotent. */
  async stop(): Promise<number> {
    this.isStopped = true;
    this.start?.cancel();
    const dropped = this.waiting.splice(0).length;
    await Promise.all(this.running);
    return dropped;
  }

  private begin(): void {
    this.start = null;
    while (this.running.size < this.bounds.atOnce && this.waiting.length > 0) this.runNext();
  }

  private runNext(): void {
    const work = this.waiting.shift();
    if (work === undefined) return;
    const run: Promise<void> = Promise.resolve()
      .then(work)
      .catch(this.onFailure)
      .finally(() => {
        this.running.delete(run);
        this.begin();
      });
    this.running.add(run);
  }
}
