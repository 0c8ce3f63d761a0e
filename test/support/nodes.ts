/** Gateway processes that share one Redis server of their own. Each has a label `zone` that names it. */
import { Redis } from 'ioredis';
import { Backend, type RelaySessionAnswer } from './backend.js';
import { eventually } from './eventually.js';
import { startGatewayProcess, type GatewayProcess } from './gateway-process.js';
import { startRedisServer, type RedisServer } from './redis-server.js';

export class Nodes {
  private readonly gone = new Set<number>();

  private constructor(
    readonly redis: RedisServer,
    readonly client: Redis,
    readonly processes: GatewayProcess[],
    readonly backends: Backend[],
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  static async start(
    count: number,
    env: Readonly<Record<string, string>> = {},
    nodeFlags: readonly string[] = [],
  ): Promise<Nodes> {
    const redis = await startRedisServer();
    const processes = await Promise.all(Array.from({ length: count }, (_, i) => startNode(redis, i, env, nodeFlags)));
    const nodes = new Nodes(
      redis,
      new Redis(redis.url),
      processes,
      processes.map(({ url }) => new Backend(url)),
      env,
    );
    await nodes.untilComplete();
    return nodes;
  }

  /** Starts one more node. Resolves when all know it. */
  async add(): Promise<GatewayProcess> {
    const added = await startNode(this.redis, this.processes.length, this.env);
    this.processes.push(added);
    this.backends.push(new Backend(added.url));
    await this.untilComplete();
    return added;
  }

  /** The node has stopped: the others are not asked about it any more. */
  leave(i: number): void {
    this.gone.add(i);
  }

  process(i: number): GatewayProcess {
    const found = this.processes[i];
    if (found === undefined) throw new Error(`there is no node ${String(i)}`);
    return found;
  }

  at(i: number): Backend {
    const found = this.backends[i];
    if (found === undefined) throw new Error(`there is no node ${String(i)}`);
    return found;
  }

  /** A session whose home is this node. */
  sessionAt(home: number, users = 1, more: Record<string, unknown> = {}): Promise<RelaySessionAnswer> {
    const filters = [{ field: 'zone', values: [String(home)], filter_type: 'any' }];
    return this.at(home).createSession(users, { filters, ...more });
  }

  /** Each node knows all of them, and hears all of them. */
  untilComplete(): Promise<void> {
    return eventually(async () => {
      const there = this.backends.filter((_, i) => !this.gone.has(i));
      for (const backend of there) {
        const { body } = await backend.call('GET', '/metrics');
        const live = /^sallyport_nodes_live (\d+)$/m.exec(String(body))?.[1];
        const heard = /^sallyport_nodes_heard (\d+)$/m.exec(String(body))?.[1];
        const all = there.length;
        if (live !== String(all) || heard !== String(all - 1)) return `${String(live)} live, ${String(heard)} heard`;
      }
      return null;
    });
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    await Promise.all(this.processes.map((node) => node.stop('SIGKILL')));
    await this.redis.stop();
  }
}

function startNode(
  redis: RedisServer,
  i: number,
  env: Readonly<Record<string, string>>,
  nodeFlags: readonly string[] = [],
): Promise<GatewayProcess> {
  return startGatewayProcess(
    {
      SALLYPORT_REDIS_URL: redis.url,
      SALLYPORT_NODE_LABELS: `zone=${String(i)}`,
      SALLYPORT_LOG_LEVEL: 'info',
      SALLYPORT_FAILED_HANDSHAKES_PER_S: '0',
      SALLYPORT_LEASE_MS: '2000',
      // It counts wall-clock time: on a machine without a free core, senders of many large frames would be refused.
      SALLYPORT_WORK_MS_PER_S: '0',
      ...env,
    },
    nodeFlags,
  );
}
