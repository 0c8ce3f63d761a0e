/** A Redis master with replicas, watched by sentinels, for tests that end or cut off the master. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { eventually } from './eventually.js';
import { freePort, startRedisServer, untilAnswers, type RedisServer } from './redis-server.js';

export interface ReplicatedRedis {
  readonly master: RedisServer;
  readonly replicas: readonly RedisServer[];
  readonly stop: () => Promise<void>;
}

export interface WatchedRedis extends ReplicatedRedis {
  readonly url: string;
}

/** A master and two replicas that are in sync. */
export async function startReplicatedRedis(args: readonly string[] = []): Promise<ReplicatedRedis> {
  const master = await startRedisServer(args);
  const follow = ['--replicaof', `127.0.0.1 ${String(master.port)}`, '--repl-diskless-sync-delay', '0'];
  const replicas = await Promise.all([1, 2].map(() => startRedisServer([...args, ...follow])));
  const admin = new Redis(master.url);
  await eventually(async () => {
    const text = await admin.info('replication');
    return (text.match(/state=online/g) ?? []).length === 2 ? null : 'the replicas are not in sync';
  });
  admin.disconnect();
  const stop = async (): Promise<void> => {
    await Promise.all([master, ...replicas].map((server) => server.stop()));
  };
  return { master, replicas, stop };
}

/** Three sentinels call a master dead that did not answer for a second, as docs/OPERATIONS.md advises. */
export async function startWatchedRedis(): Promise<WatchedRedis> {
  const { master, replicas, stop } = await startReplicatedRedis();
  const dir = await mkdtemp(join(tmpdir(), 'sallyport-sentinels-'));
  const ports = await Promise.all([1, 2, 3].map(() => freePort()));
  const sentinels = await Promise.all(
    ports.map(async (port) => {
      const file = join(dir, `${String(port)}.conf`);
      const lines = [
        ...[`port ${String(port)}`, 'bind 127.0.0.1', `sentinel monitor ours 127.0.0.1 ${String(master.port)} 2`],
        ...['sentinel down-after-milliseconds ours 1000', 'sentinel failover-timeout ours 1500'],
      ];
      await writeFile(file, `${lines.join('\n')}\n`);
      return spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
    }),
  );
  for (const port of ports) await untilAnswers(`redis://127.0.0.1:${String(port)}`);
  const first = new Redis(`redis://127.0.0.1:${String(ports[0])}`);
  await eventually(async () => {
    const known = String(await first.call('SENTINEL', 'MASTER', 'ours'));
    return known.includes('num-other-sentinels,2') && known.includes('num-slaves,2') ? null : known;
  });
  first.disconnect();
  return {
    url: `redis+sentinel://${ports.map((port) => `127.0.0.1:${String(port)}`).join(',')}/ours`,
    master,
    replicas,
    stop: async () => {
      await Promise.all(
        sentinels.map(async (sentinel) => {
          const exit = new Promise((resolve) => sentinel.once('exit', resolve));
          sentinel.kill('SIGKILL');
          await exit;
        }),
      );
      await stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
