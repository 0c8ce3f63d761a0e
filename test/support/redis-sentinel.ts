/** A Redis master with replicas, watched by sentinels, for tests that end or cut off the master. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { ChaosProxy } from './chaos-proxy.js';
import { eventually } from './eventually.js';
import { freePort, startRedisServer, untilAnswers, type RedisServer } from './redis-server.js';

export interface ReplicatedRedis {
  readonly master: RedisServer;
  readonly replicas: readonly RedisServer[];
  readonly stop: () => Promise<void>;
}

export interface WatchedRedis extends ReplicatedRedis {
  readonly url: string;
  /** The sentinels' log lines about the failover, for a test that fails. */
  readonly events: () => Promise<string>;
}

/** By default a master waits 5 s for more replicas before it sends them its data. */
const SYNC_AT_ONCE = ['--repl-diskless-sync-delay', '0'];

/** A master and two replicas that are in sync. */
export async function startReplicatedRedis(args: readonly string[] = []): Promise<ReplicatedRedis> {
  const master = await startRedisServer([...args, ...SYNC_AT_ONCE]);
  const follow = ['--replicaof', `127.0.0.1 ${String(master.port)}`, ...SYNC_AT_ONCE];
  const replicas = await Promise.all([1, 2].map(() => startRedisServer([...args, ...follow])));
  await untilInSync(master, 2);
  const stop = async (): Promise<void> => {
    await Promise.all([master, ...replicas].map((server) => server.stop()));
  };
  return { master, replicas, stop };
}

export interface SeverableRedis {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  /** From now on neither hears the other, and no connection ends. */
  readonly sever: () => void;
  readonly stop: () => Promise<void>;
}

/** A master and a replica that is in sync, with a link that can be cut. */
export async function startSeverableRedis(args: readonly string[] = []): Promise<SeverableRedis> {
  const master = await startRedisServer([...args, ...SYNC_AT_ONCE]);
  const proxy = await ChaosProxy.start(master.port);
  const replica = await startRedisServer([...args, '--replicaof', `127.0.0.1 ${String(proxy.port)}`]);
  await untilInSync(master, 1);
  return {
    master,
    replica,
    sever: () => proxy.silence(),
    stop: async () => {
      await proxy.stop();
      await Promise.all([master.stop(), replica.stop()]);
    },
  };
}

async function untilInSync(master: RedisServer, replicas: number): Promise<void> {
  const admin = new Redis(master.url);
  await eventually(async () => {
    const text = await admin.info('replication');
    return (text.match(/state=online/g) ?? []).length === replicas ? null : 'the replicas are not in sync';
  });
  admin.disconnect();
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
        ...[
          `port ${String(port)}`,
          'bind 127.0.0.1',
          `logfile ${file}.log`,
          `sentinel monitor ours 127.0.0.1 ${String(master.port)} 2`,
        ],
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
    events: async () => {
      const logs = await Promise.all(ports.map((port) => readFile(join(dir, `${String(port)}.conf.log`), 'utf8')));
      return logs.map((log) => log.replace(/^(?!.*# [+-]).*\n/gm, '')).join('\n');
    },
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
