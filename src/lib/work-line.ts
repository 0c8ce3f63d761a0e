/**
 * Work that nobody waits for: a few at once, a bounded line behind them. What does not fit the line is refused, which
 * is the caller's to tell.
 */
export class WorkLine {
  private readonly waiting: (() => Promise<void>)[] = [];
  private readonly running = new Set<Promise<void>>();
  private isStopped = false;

  constructor(
    private readonly bounds: { readonly atOnce: number; readonly waiting: number },
    /** Told what a piece of work rejected with. */
    private readonly onFailure: (cause: unknown) => void,
  ) {}

  /** How many wait for their turn. */
  get length(): number {
    return this.waiting.length;
  }

  /** Runs the work now or later; false when the line is full or has stopped. */
  offer(work: () => Promise<void>): boolean {
    if (this.isStopped || this.waiting.length >= this.bounds.waiting) return false;
    this.waiting.push(work);
    this.runNext();
    return true;
  }

  /** Drops what waits, takes nothing more and resolves when what runs has ended. Says how many were dropped. Idempotent. */
  async stop(): Promise<number> {
    this.isStopped = true;
    const dropped = this.waiting.splice(0).length;
    await Promise.all(this.running);
    return dropped;
  }

  private runNext(): void {
    if (this.running.size >= this.bounds.atOnce) return;
    const work = this.waiting.shift();
    if (work === undefined) return;
    const run: Promise<void> = Promise.resolve()
      .then(work)
      .catch(this.onFailure)
      .finally(() => {
        this.running.delete(run);
        this.runNext();
      });
    this.running.add(run);
  }
}
