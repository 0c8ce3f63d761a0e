/** A Redis of the bench's own for one run: on a free port, without persistence, gone with its directory afterwards. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { demand } from './changes.js';
import { Child, freePort, LOCALHOST } from './child.js';

const START_MS = 10_000;
const TRY_MS = 50;

export interface Redis {
  readonly url: string;
  readonly pid: number;
}

/** `core` null: wherever the system puts it. */
export async function withRedis<T>(core: number | null, use: (redis: Redis) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'sallyport-bench-redis-'));
  const port = await freePort();
  const args = ['--port', String(port), '--bind', LOCALHOST, '--dir', dir, '--save', '', '--appendonly', 'no'];
  const child = new Child('redis-server', ['redis-server', ...args], { core, stdio: 'ignore' });
  try {
    await untilAnswers(child, port);
    return await use({ url: `redis://${LOCALHOST}:${port}`, pid: child.pid });
  } finally {
    if (child.ended === null) await child.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

async function untilAnswers(child: Child, port: number): Promise<void> {
  const deadlineMs = performance.now() + START_MS;
  while (!(await answers(port))) {
    demand(child.ended === null && performance.now() < deadlineMs, `redis-server did not start: ${child.ended ?? ''}`);
    await pause(TRY_MS);
  }
}

/** Whether something there says PONG. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, LOCALHOST);
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('error', () => settle(false));
    socket.once('data', (data) => settle(data.toString('latin1').startsWith('+PONG')));
    socket.write('PING\r\n');
  });
}
