/** A nats-server of this machine as a child process: a WebSocket listener on a free port, no accounts, no TLS. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Changes, demand } from './changes.js';
import type { Server } from '../contenders/contenders.js';
import { onCore } from './cores.js';
import type { Listening } from './server-process.js';

const WAIT_MS = 10_000;
const READY = 'Server is ready';
const HOST = '127.0.0.1';

/** Rejects when there is no nats-server, or it does not start. */
export async function startNats(core: number | null): Promise<NatsProcess> {
  const [port, clientPort] = [await freePort(), await freePort()];
  const dir = mkdtempSync(join(tmpdir(), 'bench-nats-'));
  const file = join(dir, 'nats.conf');
  writeFileSync(
    file,
    `listen: "${HOST}:${clientPort}"\nwebsocket { listen: "${HOST}:${port}", no_tls: true, compression: false }\n`,
  );
  const [program, args] = onCore(core, ['nats-server', '--config', file]);
  const nats = new NatsProcess(spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] }), dir, port);
  await nats.untilListening();
  return nats;
}

export class NatsProcess implements Server {
  private readonly changes = new Changes();
  private output = '';
  private ended: string | null = null;

  constructor(
    private readonly child: ChildProcess,
    private readonly dir: string,
    private readonly port: number,
  ) {
    // It logs to standard error.
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
      this.changes.notify();
    });
    child.once('error', (error) => {
      this.onEnd(error.message);
    });
    child.once('close', (code, signal) => {
      this.onEnd(signal ?? `exit ${code ?? 'unknown'}`);
    });
  }

  get pid(): number {
    const { pid } = this.child;
    demand(pid !== undefined, 'the nats-server has no process');
    return pid;
  }

  untilListening(): Promise<Listening> {
    const look = (): Listening | null => {
      demand(this.ended === null, `nats-server did not start (${this.ended ?? ''}): ${this.output.slice(-500)}`);
      return this.output.includes(READY) ? { url: `http://${HOST}:${this.port}`, engine: 'nats-server' } : null;
    };
    return this.changes.until('nats-server starts', look, WAIT_MS);
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await this.changes.until('nats-server stops on SIGTERM', () => this.ended, WAIT_MS);
    rmSync(this.dir, { recursive: true, force: true });
  }

  kill(): void {
    if (this.ended === null) this.child.kill('SIGKILL');
  }

  private onEnd(how: string): void {
    this.ended ??= how;
    this.changes.notify();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, HOST, () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port'));
        else resolve(address.port);
      });
    });
  });
}
