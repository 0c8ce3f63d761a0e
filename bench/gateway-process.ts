/** A gateway of our own: a child process on the embedded store and a free port, with a key made for this run. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { Changes, demand } from './changes.js';

const START_MS = 10_000;
const STOP_MS = 10_000;
const MAIN = fileURLToPath(new URL('../src/main.js', import.meta.url));

const listeningLine = z.object({ event: z.literal('listening'), url: z.string(), engine: z.string() });
const errorLine = z.object({ level: z.enum(['error', 'fatal']), event: z.string() });

export interface Listening {
  readonly url: string;
  readonly engine: string;
}

export class GatewayProcess {
  readonly key = randomBytes(24).toString('hex');
  private readonly changes = new Changes();
  private readonly child: ChildProcess;
  private listening: Listening | null = null;
  private ended: string | null = null;
  /** The first error it logged. */
  private complaint: string | null = null;
  private stderr = '';

  constructor() {
    const child = spawn(process.execPath, [MAIN], { env: this.environment(), stdio: ['ignore', 'pipe', 'pipe'] });
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

  untilListening(): Promise<Listening> {
    return this.changes.until(
      'the gateway starts',
      () => {
        demand(this.ended === null, `the gateway did not start: ${this.lastWords()}`);
        return this.listening;
      },
      START_MS,
    );
  }

  /** Asks it to stop, and expects that it does so in order: exit code 0, and no error logged in its life. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    const ended = await this.changes.until('the gateway stops on SIGTERM', () => this.ended, STOP_MS);
    demand(ended === 'exit 0', `the gateway did not stop in order: ${this.lastWords()}`);
    demand(this.complaint === null, `the gateway logged an error: ${this.complaint ?? ''}`);
  }

  /** Whatever happened before: it does not outlive this process. */
  kill(): void {
    if (this.ended === null) this.child.kill('SIGKILL');
  }

  /** This process's own, but none of its settings of a gateway. */
  private environment(): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('SALLYPORT_'));
    return {
      ...Object.fromEntries(inherited),
      SALLYPORT_PORT: '0',
      SALLYPORT_ROOT_KEY: this.key,
      SALLYPORT_LOG_LEVEL: 'info',
    };
  }

  /** The log is JSON lines; between them stands what it says to a person. */
  private onLine(line: string): void {
    if (!line.startsWith('{')) return;
    const logged: unknown = JSON.parse(line);
    if (errorLine.safeParse(logged).success) this.complaint ??= line;
    const listening = listeningLine.safeParse(logged);
    if (!listening.success) return;
    this.listening = listening.data;
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
