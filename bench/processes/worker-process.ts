/** A process of the bench's own that answers messages: a load worker. It ends with this process, whatever happens. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { z } from 'zod';
import { Changes } from './changes.js';
import { onCore } from './cores.js';

export class WorkerProcess<A> {
  private readonly changes = new Changes();
  private readonly child: ChildProcess;
  private readonly answers: A[] = [];
  private ended: string | null = null;

  /** `core` null: wherever the system puts it. */
  constructor(script: string, schema: z.ZodType<A>, core: number | null) {
    const [program, args] = onCore(core, [process.execPath, script]);
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.child = child;
    // More than once: what cannot be sent to a process that has ended is an error, too.
    child.on('error', (error) => {
      this.onEnd(error.message);
    });
    child.once('exit', (code, signal) => {
      this.onEnd(signal ?? `exit ${code ?? 'unknown'}`);
    });
    child.on('message', (message: unknown) => {
      this.answers.push(schema.parse(message));
      this.changes.notify();
    });
  }

  send(message: object): void {
    if (this.ended === null) this.child.send(message);
  }

  /** The next answer, in order. Rejects when the process has ended without one, or after `withinMs`. */
  next(withinMs: number): Promise<A> {
    const look = (): A | null => {
      const answer = this.answers.shift();
      if (answer !== undefined) return answer;
      if (this.ended !== null) throw new Error(`a load worker ended without an answer: ${this.ended}`);
      return null;
    };
    return this.changes.until('a load worker answers', look, withinMs);
  }

  kill(): void {
    if (this.ended === null) this.child.kill('SIGKILL');
  }

  private onEnd(how: string): void {
    this.ended ??= how;
    this.changes.notify();
  }
}
