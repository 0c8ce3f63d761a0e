/** Private Redis servers: for the whole run (global-setup.ts), and for tests that kill or pause one. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { eventually } from './eventually.js';

const run = promisify(execFile);

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** The server stops answering, its sockets stay. */
  pause(): void;
  resume(): void;
  /** Ends it and removes its directory. Idempotent. */
  stop(): Promise<void>;
}

/** Whether `redis-server` can be run here. */
export async function hasRedisServer(): Promise<boolean> {
  return run('redis-server', ['--version']).then(
    () => true,
    () => false,
  );
}

/** A server of its own on a free port (or the one asked for), without persistence. `args` go on its command line. */
export async function startRedisServer(args: readonly string[] = [], port?: number): Promise<RedisServer> {
  const dir = await mkdtemp(join(tmpdir(), 'sallyport-redis-'));
  const chosen = port ?? (await freePort());
  const base = ['--port', String(chosen), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no'];
  const child = spawn('redis-server', [...base, ...args], { stdio: 'ignore' });
  const server = {
    url: `redis://127.0.0.1:${chosen}`,
    port: chosen,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    stop: async () => {
      await ended(child);
      await rm(dir, { recursive: true, force: true });
    },
  };
  try {
    await untilAnswers(server.url, () =>
      child.exitCode === null ? null : `redis-server ended with ${child.exitCode}`,
    );
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** A port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', resolve);
  });
  const address: AddressInfo | string | null = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

/** Waits until Redis answers PING, be it that it wants a password; `failed` names a reason to give up at once. */
export async function untilAnswers(url: string, failed: () => string | null = () => null): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => 20, maxRetriesPerRequest: 0 });
  client.on('error', () => undefined);
  client.connect().catch(() => undefined);
  try {
    await eventually(async () => {
      if (failed() !== null) return null;
      const answer = await client.ping().catch((error: unknown) => String(error));
      return answer === 'PONG' || answer.includes('NOAUTH') ? null : answer;
    }, 15_000);
  } finally {
    client.disconnect();
  }
  const reason = failed();
  if (reason !== null) throw new Error(reason);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exit;
}
