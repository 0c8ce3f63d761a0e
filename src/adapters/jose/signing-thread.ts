import type { KeyObject } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';

/** A signature that somebody waits for. The text has no line break. */
export interface Wish {
  readonly input: string;
  readonly key: KeyObject;
  readonly resolve: (signature: string) => void;
  readonly reject: (cause: Error) => void;
}

const WORKER = new URL('./rs256-worker.mjs', import.meta.url);
/** It holds a batch of texts and nothing else. */
const LIMITS = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 32 };
const signatures = z.string().transform((lines) => lines.split('\n'));

/**
 * One thread: gets texts and gives signatures as lines, since a list of texts takes longer to hand over. Started when it first has
 * something to do, and anew after it died.
 */
export class SigningThread {
  private worker: Worker | null = null;
  private knownKey: KeyObject | null = null;
  private batch: readonly Wish[] = [];

  constructor(private readonly onFree: () => void) {}

  get isFree(): boolean {
    return this.batch.length === 0;
  }

  /** All of one key. Only while it is free. */
  run(batch: readonly Wish[]): void {
    this.batch = batch;
    this.worker ??= this.start();
    const key = batch[0]?.key ?? null;
    const newKey = key === this.knownKey ? null : key;
    this.knownKey = key;
    this.worker.ref();
    this.worker.postMessage({ newKey, inputs: batch.map(({ input }) => input).join('\n') });
  }

  /** Rejects what it has. Idempotent. */
  stop(): void {
    const { worker } = this;
    this.fail(worker, new Error('the signing thread was stopped'));
    worker?.terminate().catch(() => undefined);
  }

  private start(): Worker {
    const worker = new Worker(WORKER, { resourceLimits: LIMITS, name: 'rs256' });
    worker.on('message', (message: unknown) => {
      const made = signatures.safeParse(message);
      if (made.success) this.settle(made.data);
      else this.fail(worker, new Error('the signing thread answered something else'));
    });
    worker.on('error', (cause) => {
      this.fail(worker, new Error('the signing thread failed', { cause }));
    });
    worker.on('exit', () => {
      this.fail(worker, new Error('the signing thread ended'));
    });
    return worker;
  }

  private settle(made: readonly string[]): void {
    const batch = this.batch;
    this.batch = [];
    // Idle it keeps no process alive.
    this.worker?.unref();
    for (const [place, { resolve, reject }] of batch.entries()) {
      const signature = made[place];
      if (signature === undefined) reject(new Error('the signing thread left one out'));
      else resolve(signature);
    }
    this.onFree();
  }

  /** A thread that failed ends a moment later: by then another may have its place. */
  private fail(worker: Worker | null, cause: Error): void {
    if (worker === null || worker !== this.worker) return;
    this.worker = null;
    this.knownKey = null;
    for (const { reject } of this.batch) reject(cause);
    this.batch = [];
    this.onFree();
  }
}
