/** A server of ours as a child process: it reports in a line of JSON where it listens, and exits with 0 on SIGTERM. */
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { demand } from './changes.js';
import { Child } from './child.js';

const START_MS = 30_000;

const listeningLine = z.object({ event: z.literal('listening'), url: z.string(), engine: z.string() });
const errorLine = z.object({ level: z.enum(['error', 'fatal']), event: z.string() });

export interface Listening {
  /** Without a slash at its end. */
  readonly url: string;
  readonly engine: string;
}

/** A process that serves: ours, or another program. */
export interface Server {
  readonly pid: number;
  untilListening(): Promise<Listening>;
  stop(): Promise<void>;
  kill(): void;
}

export interface Launch {
  /** Flags of Node itself, such as `--cpu-prof`. */
  readonly nodeFlags?: readonly string[];
  /** Added to the environment of this process, from which `SALLYPORT_*` settings are removed. */
  readonly environment?: Readonly<Record<string, string>>;
  /** null: the system chooses. */
  readonly core?: number | null;
}

/** Calls `use` with the server, and stops it. The server does not outlive a failure of `use`. */
export async function withServer<T>(server: Server, use: (listening: Listening) => Promise<T>): Promise<T> {
  try {
    const result = await use(await server.untilListening());
    await server.stop();
    return result;
  } finally {
    server.kill();
  }
}

export class ServerProcess implements Server {
  private readonly child: Child;
  private listening: Listening | null = null;
  /** The first error that the server logged. */
  private complaint: string | null = null;
  private stderr = '';

  /** `name` names the server in errors; `script` is the path of its compiled main file. */
  constructor(name: string, script: string, { nodeFlags = [], environment = {}, core = null }: Launch = {}) {
    const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith('SALLYPORT_'));
    const env = { ...Object.fromEntries(inherited), ...environment };
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    this.child = new Child(name, [process.execPath, ...nodeFlags, script], { core, env, stdio: [...stdio] });
    const { stdout, stderr } = this.child.process;
    demand(stdout !== null && stderr !== null, 'the output is a pipe');
    createInterface({ input: stdout }).on('line', (line) => this.onLine(line));
    stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
  }

  get pid(): number {
    return this.child.pid;
  }

  untilListening(): Promise<Listening> {
    return this.child.until(
      'listens',
      () => this.listening,
      START_MS,
      () => this.lastWords(),
    );
  }

  /** Stops it. Rejects unless its exit code is 0 and it never logged an error. */
  async stop(): Promise<void> {
    const ended = await this.child.stop();
    const { name } = this.child;
    demand(ended === 'exit 0', `the ${name} did not stop cleanly: ${ended} ${this.lastWords()}`);
    demand(this.complaint === null, `the ${name} logged an error: ${this.complaint ?? ''}`);
  }

  kill(): void {
    this.child.kill();
  }

  /** The log is JSON lines; other lines are for people. */
  private onLine(line: string): void {
    if (!line.startsWith('{')) return;
    const logged: unknown = JSON.parse(line);
    if (errorLine.safeParse(logged).success) this.complaint ??= line;
    const listening = listeningLine.safeParse(logged);
    if (!listening.success) return;
    const { url, engine } = listening.data;
    this.listening = { engine, url: url.replace(/\/+$/, '') };
    this.child.notify();
  }

  private lastWords(): string {
    return [this.complaint ?? '', this.stderr.trim()].filter((text) => text !== '').join('; ');
  }
}
