/**
 * Keeps the workers of one machine running: starts them, starts one again that ends, and ends all of them. It relays
 * nothing and serves nothing; what it knows of a worker is that its process runs.
 */
import type { Clock, Timer } from '../../ports/clock.js';
import type { Log } from '../../ports/log.js';

export interface WorkerEnd {
  /** null: a signal ended the process, or it could not be started. */
  readonly code: number | null;
  readonly signal: string | null;
}

export interface WorkerProcess {
  /** null: it could not be started. */
  readonly pid: number | null;
  /** Resolves with the name of the engine when the worker serves; never if it does not. */
  readonly listening: Promise<string>;
  readonly ended: Promise<WorkerEnd>;
  /** Asks it to end in order. */
  stop(): void;
  /** Ends it at once. */
  kill(): void;
}

export interface SupervisorDeps {
  readonly workers: number;
  /** Starts the process of a worker, counted from 1. */
  readonly startProcess: (worker: number) => WorkerProcess;
  /** Its timers keep the process alive: while a worker is due, none may be running. */
  readonly clock: Pick<Clock, 'after' | 'monotonicMs'>;
  readonly log: Log;
  /** How long the workers may take to end in order. */
  readonly stopWithinMs: number;
}

/** A worker gave up before all of them served for the first time. */
export class WorkerFailed extends Error {
  override readonly name = 'WorkerFailed';

  constructor(
    readonly worker: number,
    readonly code: number,
  ) {
    super(`worker ${String(worker)} ended with ${String(code)} before it served`);
  }
}

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;
/** A worker that ran this long is sound: its next end counts as its first. */
const SOUND_AFTER_MS = 30_000;

export class Supervisor {
  private readonly running = new Map<number, WorkerProcess>();
  private readonly due = new Map<number, Timer>();
  /** How often each worker ended in a row, without a sound run. */
  private readonly failures = new Map<number, number>();
  private phase: 'starting' | 'running' | 'stopping' = 'starting';
  private isOrderly = true;
  /** The workers that have served at least once. */
  private readonly served = new Set<number>();
  private onServing: (engine: string) => void = () => undefined;
  private onFailed: (failure: WorkerFailed) => void = () => undefined;

  constructor(private readonly deps: SupervisorDeps) {}

  /**
   * Resolves with the name of the engine when every worker has served. Rejects with a `WorkerFailed` when one gives up
   * before that: then the settings are at fault, and another try would be no better.
   */
  start(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.onServing = resolve;
      this.onFailed = reject;
      for (let worker = 1; worker <= this.deps.workers; worker += 1) this.run(worker);
    });
  }

  /** Resolves when every worker has ended: true when each of them ended in order. Call it once. */
  async stop(): Promise<boolean> {
    const { clock, log, stopWithinMs } = this.deps;
    this.phase = 'stopping';
    for (const timer of this.due.values()) timer.cancel();
    const deadline = clock.after(stopWithinMs, () => {
      log.warn('workers_killed', { workers: [...this.running.keys()].join(' '), after_ms: stopWithinMs });
      this.kill();
    });
    const processes = [...this.running.values()];
    for (const process of processes) process.stop();
    await Promise.all(processes.map(({ ended }) => ended));
    deadline.cancel();
    return this.isOrderly;
  }

  kill(): void {
    this.phase = 'stopping';
    for (const process of this.running.values()) process.kill();
  }

  private run(worker: number): void {
    const { clock, log, startProcess } = this.deps;
    const startedMs = clock.monotonicMs();
    const process = startProcess(worker);
    this.running.set(worker, process);
    log.info('worker_started', { worker, pid: process.pid });
    const life = process.ended.then((end) => {
      this.onEnded(worker, process, end, clock.monotonicMs() - startedMs);
    });
    const serving = process.listening.then((engine) => {
      this.onListening(worker, engine);
    });
    for (const watch of [life, serving]) {
      watch.catch((error: unknown) => {
        log.error('worker_watch_failed', error, { worker });
      });
    }
  }

  private onListening(worker: number, engine: string): void {
    this.served.add(worker);
    if (this.phase !== 'starting' || this.served.size < this.deps.workers) return;
    this.phase = 'running';
    this.onServing(engine);
  }

  private onEnded(worker: number, process: WorkerProcess, { code, signal }: WorkerEnd, ranMs: number): void {
    this.running.delete(worker);
    if (this.phase === 'stopping') {
      if (code !== 0) this.isOrderly = false;
    } else if (this.phase === 'starting' && code !== null) {
      this.onFailed(new WorkerFailed(worker, code));
    } else {
      const delayMs = this.delayAfter(worker, ranMs);
      const { pid } = process;
      this.deps.log.warn('worker_ended', {
        worker,
        pid,
        code,
        signal,
        ran_ms: Math.round(ranMs),
        again_in_ms: delayMs,
      });
      this.runLater(worker, delayMs);
    }
  }

  private runLater(worker: number, delayMs: number): void {
    const timer = this.deps.clock.after(delayMs, () => {
      this.due.delete(worker);
      this.run(worker);
    });
    this.due.set(worker, timer);
  }

  private delayAfter(worker: number, ranMs: number): number {
    const failures = ranMs >= SOUND_AFTER_MS ? 1 : (this.failures.get(worker) ?? 0) + 1;
    this.failures.set(worker, failures);
    return Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
  }
}
