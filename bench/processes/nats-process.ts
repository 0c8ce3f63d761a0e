/** A nats-server of this machine as a child process: a WebSocket listener on a free port, no accounts, no TLS. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child, freePort, LOCALHOST } from './child.js';
import type { Listening, Server } from './server-process.js';

const START_MS = 10_000;
const READY = 'Server is ready';

export class NatsProcess implements Server {
  private readonly child: Child;
  private output = '';

  private constructor(
    core: number | null,
    private readonly dir: string,
    config: string,
    private readonly port: number,
  ) {
    this.child = new Child('nats-server', ['nats-server', '--config', config], {
      core,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    // It logs to standard error.
    this.child.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
      this.child.notify();
    });
  }

  static async start(core: number | null): Promise<NatsProcess> {
    const [port, clientPort] = [await freePort(), await freePort()];
    const dir = mkdtempSync(join(tmpdir(), 'bench-nats-'));
    const config = join(dir, 'nats.conf');
    const listener = `websocket { listen: "${LOCALHOST}:${port}", no_tls: true, compression: false }`;
    writeFileSync(config, `listen: "${LOCALHOST}:${clientPort}"\n${listener}\n`);
    return new NatsProcess(core, dir, config, port);
  }

  get pid(): number {
    return this.child.pid;
  }

  untilListening(): Promise<Listening> {
    const url = `http://${LOCALHOST}:${this.port}`;
    const look = (): Listening | null => (this.output.includes(READY) ? { url, engine: 'nats-server' } : null);
    return this.child.until('listens', look, START_MS, () => this.output.slice(-500));
  }

  async stop(): Promise<void> {
    await this.child.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  kill(): void {
    this.child.kill();
  }
}
