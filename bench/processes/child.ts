/** A process that the bench starts. It may have a core of its own, and it never outlives the bench. */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { createServer } from 'node:net';
import { Changes, demand } from './changes.js';
import { onCore } from './cores.js';

export const LOCALHOST = '127.0.0.1';
const STOP_MS = 10_000;

export interface ChildOptions {
  /** null: the system chooses. */
  readonly core: number | null;
  readonly stdio: StdioOptions;
  readonly env?: NodeJS.ProcessEnv;
}

export class Child {
  readonly process: ChildProcess;
  /** How the process ended: `exit 0`, a signal, or the reason why it did not start. */
  ended: string | null = null;
  private readonly changes = new Changes();

  constructor(
    /** Its name in errors. */
    readonly name: string,
    command: readonly string[],
    { core, stdio, env = process.env }: ChildOptions,
  ) {
    const [program, args] = onCore(core, command);
    this.process = spawn(program, args, { stdio, env });
    const kill = (): void => this.kill();
    process.once('exit', kill);
    const onEnd = (how: string): void => {
      process.off('exit', kill);
      this.ended ??= how;
      this.notify();
    };
    // It can fire more than once: a message to a process that has ended is an error too.
    this.process.on('error', (error) => onEnd(error.message));
    // `close` comes after the last line of output, `exit` may come before it.
    this.process.once('close', (code, signal) => onEnd(signal ?? `exit ${code ?? 'unknown'}`));
  }

  get pid(): number {
    const { pid } = this.process;
    demand(pid !== undefined, `the ${this.name} has no process`);
    return pid;
  }

  /** Call it after each change that `until` may wait for. */
  notify(): void {
    this.changes.notify();
  }

  /** Resolves with what `look` finds. Rejects when the process ends before, or after `withinMs`. */
  until<T>(what: string, look: () => T | null, withinMs: number, lastWords: () => string = () => ''): Promise<T> {
    const found = (): T | null => {
      const value = look();
      const ended = `the ${this.name} has ended: ${[this.ended ?? '', lastWords()].filter(Boolean).join('; ')}`;
      demand(value !== null || this.ended === null, ended);
      return value;
    };
    return this.changes.until(`the ${this.name} ${what}`, found, withinMs);
  }

  /** Asks the process to stop. Resolves with how it ended. */
  stop(): Promise<string> {
    this.process.kill('SIGTERM');
    return this.changes.until(`the ${this.name} stops on SIGTERM`, () => this.ended, STOP_MS);
  }

  kill(): void {
    if (this.ended === null) this.process.kill('SIGKILL');
  }
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, LOCALHOST, () => {
      const address = probe.address();
      probe.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no free port'));
        else resolve(address.port);
      });
    });
  });
}
