/** A worker process of the bench that answers messages: both ends. */
import type { z } from 'zod';
import { demand } from './changes.js';
import { Child } from './child.js';

export class WorkerProcess<A> {
  private readonly child: Child;
  private readonly answers: A[] = [];

  /** `core` null: the system chooses. */
  constructor(script: string, schema: z.ZodType<A>, core: number | null) {
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
    this.child = new Child('bench worker', [process.execPath, script], { core, stdio: [...stdio] });
    this.child.process.on('message', (message: unknown) => {
      this.answers.push(schema.parse(message));
      this.child.notify();
    });
  }

  send(message: object): void {
    if (this.child.ended === null) this.child.process.send(message);
  }

  /** The next answer, in order. Rejects when the process ends without one, or after `withinMs`. */
  next(withinMs: number): Promise<A> {
    return this.child.until('answers', () => this.answers.shift() ?? null, withinMs);
  }

  kill(): void {
    this.child.kill();
  }
}

/** In the worker: calls `onMessage` for each message of the parent. The worker ends with the parent. */
export function serveParent(onMessage: (message: unknown) => void): void {
  process.on('message', onMessage);
  process.once('disconnect', () => process.exit(1));
}

export function answerParent(message: object): void {
  demand(process.send !== undefined, 'only the bench starts this worker');
  process.send(message);
}
