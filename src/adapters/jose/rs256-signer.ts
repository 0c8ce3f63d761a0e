/**
 * RS256 signatures on dedicated threads: one takes 0.25 ms, which would delay every frame. Requests of one turn, or
 * made while the threads are busy, go to a thread as one batch. On node:crypto's thread pool, each signature wakes two
 * threads, which costs another 0.07 ms (`npm run bench:ratios -- --only tokens`), and waits behind password hashes.
 */
import type { KeyObject } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { SigningThread, type Wish } from './signing-thread.js';

/** Signatures per batch. A batch is 8 ms of work; a thread that dies loses no more than one. */
const MAX_BATCH = 32;
const MAX_THREADS = 4;

export class Rs256Signer {
  private readonly threads: SigningThread[] = [];
  private readonly maxThreads = Math.min(MAX_THREADS, Math.max(1, availableParallelism() - 1));
  private readonly waiting: Wish[] = [];
  private isStopped = false;

  /** The signature in base64url. Rejects when its thread died, or after `stop`. */
  sign(input: string, key: KeyObject): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.isStopped) {
        reject(new Error('the signer is stopped'));
        return;
      }
      this.waiting.push({ input, key, resolve, reject });
      if (this.waiting.length === 1) setImmediate(this.handOut);
    });
  }

  /** Ends the threads and rejects unfinished signatures. Idempotent. */
  stop(): void {
    this.isStopped = true;
    // Empty the queue first: a free thread would take from it.
    for (const { reject } of this.waiting.splice(0)) reject(new Error('the signer is stopped'));
    for (const thread of this.threads) thread.stop();
  }

  private readonly handOut = (): void => {
    while (this.waiting.length > 0) {
      const thread = this.freeThread();
      if (thread === null) return;
      thread.run(this.nextBatch());
    }
  };

  /** A share of the queue, all for one key. */
  private nextBatch(): readonly Wish[] {
    const share = Math.min(MAX_BATCH, Math.ceil(this.waiting.length / this.maxThreads));
    const other = this.waiting.findIndex(({ key }) => key !== this.waiting[0]?.key);
    return this.waiting.splice(0, other === -1 ? share : Math.min(share, other));
  }

  private freeThread(): SigningThread | null {
    const free = this.threads.find(({ isFree }) => isFree);
    if (free !== undefined) return free;
    if (this.threads.length >= this.maxThreads) return null;
    const thread = new SigningThread(this.handOut);
    this.threads.push(thread);
    return thread;
  }
}
