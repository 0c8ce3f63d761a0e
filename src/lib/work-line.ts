/**
 * Background work: a few tasks at once, and a bounded queue. A task starts a moment after it was offered, so its
 * duration does not show in the caller's response time. The caller reports what does not fit in the queue.
 */
export interface WorkLineBounds {
  readonly atOnce: number;
  readonly waiting: number;
  /** The least time that a task waits, unless the queue is full. */
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
    /** Receives the rejection of a failed task. */
    private readonly onFailure: (cause: unknown) => void,
  ) {}

  /** How many tasks are queued. */
  get length(): number {
    return this.waiting.length;
  }

  /** Queues the task; false when the queue is full or stopped. */
  offer(work: () => Promise<void>): boolean {
    if (this.isStopped || this.waiting.length >= this.bounds.waiting) return false;
    this.waiting.push(work);
    if (this.running.size < this.bounds.atOnce)
      this.start ??= this.timers.after(this.bounds.delayMs, () => this.begin());
    return true;
  }

  /**
   * Drops the queue, accepts nothing more, and resolves with the number of dropped tasks when the running ones have
   * ended. Idempotent.
   */
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
