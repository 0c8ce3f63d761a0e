/** A Redis of our own for one run: on a free port, without persistence, gone with its directory afterwards. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { demand } from './changes.js';
import { onCore } from './cores.js';

const START_MS = 10_000;
const TRY_MS = 50;
const ADDRESS = '127.0.0.1';

export class RedisProcess {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly dir: string,
  ) {}

  /** `core` null: wherever the system puts it. */
  static async start(core: number | null = null): Promise<RedisProcess> {
    const dir = await mkdtemp(join(tmpdir(), 'sallyport-bench-redis-'));
    const port = await freePort();
    const args = ['--port', String(port), '--bind', ADDRESS, '--dir', dir, '--save', '', '--appendonly', 'no'];
    const [program, all] = onCore(core, ['redis-server', ...args]);
    const child = spawn(program, all, { stdio: 'ignore' });
    const failed = new Promise<never>((_, reject) => {
      child.once('error', reject);
    });
    const redis = new RedisProcess(`redis://${ADDRESS}:${port}`, child, dir);
    process.once('exit', () => redis.kill());
    await Promise.race([failed, redis.untilAnswers(port)]);
    return redis;
  }

  get pid(): number | null {
    return this.child.pid ?? null;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      const exit = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.kill('SIGTERM');
      await exit;
    }
    await rm(this.dir, { recursive: true, force: true });
  }

  private async untilAnswers(port: number): Promise<void> {
    const deadlineMs = performance.now() + START_MS;
    while (!(await answers(port))) {
      demand(this.child.exitCode === null && performance.now() < deadlineMs, 'redis-server did not start');
      await pause(TRY_MS);
    }
  }

  private kill(): void {
    this.child.kill('SIGKILL');
  }
}

/** Whether something there says PONG. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, ADDRESS);
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('error', () => settle(false));
    socket.once('data', (data) => settle(data.toString('latin1').startsWith('+PONG')));
    socket.write('PING\r\n');
  });
}

/** A port that nobody listened on a moment ago. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, ADDRESS, resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  demand(address !== null && typeof address !== 'string', 'no free port');
  return address.port;
}
