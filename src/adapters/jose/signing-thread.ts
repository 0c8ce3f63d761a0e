import type { KeyObject } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';

/** A requested signature. The text contains no line break. */
export interface Wish {
  readonly input: string;
  readonly key: KeyObject;
  readonly resolve: (signature: string) => void;
  readonly reject: (cause: Error) => void;
}

const WORKER = new URL('./rs256-worker.mjs', import.meta.url);
/** The thread holds only one batch of texts. */
const LIMITS = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 32 };
const signatures = z.string().transform((lines) => lines.split('\n'));

/**
 * One thread. Receives texts and returns signatures as lines, because a list of texts takes longer to transfer. Starts
 * with the first batch, and again after it died.
 */
export class SigningThread {
  private worker: Worker | null = null;
  private knownKey: KeyObject | null = null;
  private batch: readonly Wish[] = [];

  constructor(private readonly onFree: () => void) {}

  get isFree(): boolean {
    return this.batch.length === 0;
  }

  /** All signatures use one key. Call it only while the thread is free. */
  run(batch: readonly Wish[]): void {
    this.batch = batch;
    this.worker ??= this.start();
    const key = batch[0]?.key ?? null;
    const newKey = key === this.knownKey ? null : key;
    this.knownKey = key;
    this.worker.ref();
    this.worker.postMessage({ newKey, inputs: batch.map(({ input }) => input).join('\n') });
  }

  /** Rejects the running batch. Idempotent. */
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
      else this.fail(worker, new Error('the signing thread sent an unexpected answer'));
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
    // An idle thread must not keep the process alive.
    this.worker?.unref();
    for (const [place, { resolve, reject }] of batch.entries()) {
      const signature = made[place];
      if (signature === undefined) reject(new Error('the signing thread left out a signature'));
      else resolve(signature);
    }
    this.onFree();
  }

  /** A failed thread exits a moment later; by then another thread may have replaced it. */
  private fail(worker: Worker | null, cause: Error): void {
    if (worker === null || worker !== this.worker) return;
    this.worker = null;
    this.knownKey = null;
    for (const { reject } of this.batch) reject(cause);
    this.batch = [];
    this.onFree();
  }
}
