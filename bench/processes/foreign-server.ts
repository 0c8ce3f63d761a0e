/** A program of others that serves the bench for one run: on free ports, in a directory that is removed afterwards. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child, freePort, LOCALHOST } from './child.js';
import { withServer, type Listening, type Server } from './server-process.js';

const START_MS = 10_000;

interface Program {
  readonly command: readonly string[];
  /** The log has this text once the program serves. */
  readonly readyText: string;
  readonly url: string;
  readonly dir: string;
}

class ForeignServer implements Server {
  private readonly child: Child;
  private output = '';

  constructor(
    private readonly program: Program,
    core: number | null,
  ) {
    const { command, dir } = program;
    this.child = new Child(command[0] ?? '', command, { core, stdio: ['ignore', 'pipe', 'pipe'] });
    const { stdout, stderr } = this.child.process;
    for (const stream of [stdout, stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output = (this.output + text).slice(-10_000);
        this.child.notify();
      });
    }
    this.child.process.once('close', () => rmSync(dir, { recursive: true, force: true }));
  }

  get pid(): number {
    return this.child.pid;
  }

  untilListening(): Promise<Listening> {
    const { readyText, url, command } = this.program;
    const look = (): Listening | null => (this.output.includes(readyText) ? { url, engine: command[0] ?? '' } : null);
    return this.child.until('listens', look, START_MS, () => this.output.slice(-500));
  }

  async stop(): Promise<void> {
    await this.child.stop();
  }

  kill(): void {
    this.child.kill();
  }
}

export interface Redis {
  readonly url: string;
  readonly pid: number;
}

/** A redis-server without persistence. `core` null: the system chooses. */
export async function withRedis<T>(core: number | null, use: (redis: Redis) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-bench-redis-'));
  const port = await freePort();
  const args = ['--port', String(port), '--bind', LOCALHOST, '--dir', dir, '--save', '', '--appendonly', 'no'];
  const url = `redis://${LOCALHOST}:${port}`;
  const program = { command: ['redis-server', ...args], readyText: 'eady to accept connections', url, dir };
  const server = new ForeignServer(program, core);
  return withServer(server, () => use({ url, pid: server.pid }));
}

/** A nats-server with a WebSocket listener, without accounts and TLS. */
export async function startNats(core: number | null): Promise<Server> {
  const [port, clientPort] = [await freePort(), await freePort()];
  const dir = mkdtempSync(join(tmpdir(), 'bench-nats-'));
  const config = join(dir, 'nats.conf');
  const listener = `websocket { listen: "${LOCALHOST}:${port}", no_tls: true, compression: false }`;
  writeFileSync(config, `listen: "${LOCALHOST}:${clientPort}"\n${listener}\n`);
  const command = ['nats-server', '--config', config];
  return new ForeignServer({ command, readyText: 'Server is ready', url: `http://${LOCALHOST}:${port}`, dir }, core);
}
