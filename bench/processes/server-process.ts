/** A server of ours as a child process: it says where it listens in one line of JSON, and ends with 0 on SIGTERM. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { Changes, demand } from './changes.js';
import { onCore } from './cores.js';

const START_MS = 10_000;
const STOP_MS = 10_000;

const listeningLine = z.object({ event: z.literal('listening'), url: z.string(), engine: z.string() });
const errorLine = z.object({ level: z.enum(['error', 'fatal']), event: z.string() });

export interface Listening {
  /** Without a slash at its end. */
  readonly url: string;
  readonly engine: string;
}

export interface Launch {
  /** Flags of Node itself, such as `--cpu-prof`. */
  readonly nodeFlags?: readonly string[];
  /** Added to what this process has; of its own settings of a gateway none are passed on. */
  readonly environment?: Readonly<Record<string, string>>;
  /** null: wherever the system puts it. */
  readonly core?: number | null;
}

export class ServerProcess {
  private readonly changes = new Changes();
  private readonly child: ChildProcess;
  private listening: Listening | null = null;
  private ended: string | null = null;
  /** The first error it logged. */
  private complaint: string | null = null;
  private stderr = '';

  /** `name` is what errors call it; `script` the path of its compiled main file. */
  constructor(
    private readonly name: string,
    script: string,
    { nodeFlags = [], environment = {}, core = null }: Launch = {},
  ) {
    const [program, args] = onCore(core, [process.execPath, ...nodeFlags, script]);
    const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith('SALLYPORT_'));
    const env = { ...Object.fromEntries(inherited), ...environment };
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.onLine(line);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    child.once('error', (error) => {
      this.onEnd(error.message);
    });
    // `close` comes after the last line, `exit` may come before it.
    child.once('close', (code, signal) => {
      this.onEnd(signal ?? `exit ${code ?? 'unknown'}`);
    });
  }

  get pid(): number {
    const { pid } = this.child;
    demand(pid !== undefined, `the ${this.name} has no process`);
    return pid;
  }

  untilListening(): Promise<Listening> {
    return this.changes.until(
      `the ${this.name} starts`,
      () => {
        demand(this.ended === null, `the ${this.name} did not start: ${this.lastWords()}`);
        return this.listening;
      },
      START_MS,
    );
  }

  /** Asks it to stop, and expects that it does so in order: exit code 0, and no error logged in its life. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    const ended = await this.changes.until(`the ${this.name} stops on SIGTERM`, () => this.ended, STOP_MS);
    demand(ended === 'exit 0', `the ${this.name} did not stop in order: ${this.lastWords()}`);
    demand(this.complaint === null, `the ${this.name} logged an error: ${this.complaint ?? ''}`);
  }

  /** Whatever happened before: it does not outlive this process. */
  kill(): void {
    if (this.ended === null) this.child.kill('SIGKILL');
  }

  /** The log is JSON lines; between them stands what it says to a person. */
  private onLine(line: string): void {
    if (!line.startsWith('{')) return;
    const logged: unknown = JSON.parse(line);
    if (errorLine.safeParse(logged).success) this.complaint ??= line;
    const listening = listeningLine.safeParse(logged);
    if (!listening.success) return;
    const { url, engine } = listening.data;
    this.listening = { engine, url: url.replace(/\/+$/, '') };
    this.changes.notify();
  }

  private lastWords(): string {
    return [this.ended ?? 'runs', this.complaint ?? '', this.stderr.trim()].filter((text) => text !== '').join('; ');
  }

  private onEnd(how: string): void {
    this.ended ??= how;
    this.changes.notify();
  }
}
