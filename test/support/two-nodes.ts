/** Two gateways that share one Redis server of their own; sessions are placed on the first. */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import type { Store } from '../../src/ports/store.js';
import { Backend, type RelaySessionAnswer } from './backend.js';
import { eventually } from './eventually.js';
import { startGateway, type RunningGateway } from './gateway.js';
import { freePort, startRedisServer, type RedisServer } from './redis-server.js';

export class TwoNodes {
  private constructor(
    public redis: RedisServer,
    readonly redisPort: number,
    readonly prefix: string,
    readonly home: RunningGateway,
    readonly other: RunningGateway,
    readonly client: Redis,
  ) {}

  static async start(wrapHome: (store: Store) => Store = (store) => store): Promise<TwoNodes> {
    const port = await freePort();
    const redis = await startRedisServer([], port);
    const prefix = `two-${randomBytes(4).toString('hex')}`;
    const common = { redisUrl: redis.url };
    const env = (zone: string) => ({ SALLYPORT_REDIS_PREFIX: prefix, SALLYPORT_NODE_LABELS: `zone=${zone}` });
    const home = await startGateway({ ...common, env: env('first'), wrapStore: wrapHome });
    const other = await startGateway({ ...common, env: env('second') });
    const client = new Redis(redis.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    const nodes = new TwoNodes(redis, port, prefix, home, other, client);
    await eventually(async () => {
      const { body } = await nodes.atOther.native('GET', '/v1/nodes');
      return JSON.stringify(body).includes('first') ? null : 'the second node has not heard of the first';
    });
    return nodes;
  }

  get atHome(): Backend {
    return new Backend(this.home.url);
  }

  get atOther(): Backend {
    return new Backend(this.other.url);
  }

  /** A session whose home is the first node. */
  session(users: number, more: Record<string, unknown> = {}): Promise<RelaySessionAnswer> {
    const filters = [{ field: 'zone', values: ['first'], filter_type: 'any' }];
    return this.atHome.createSession(users, { filters, ...more });
  }

  /** Keys of one session alone: what a replica that lags does not have when it becomes the master. */
  async keysOf(sessionId: string): Promise<readonly string[]> {
    return this.client.keys(`${this.prefix}*${sessionId}*`);
  }

  /** From now on the nodes do not hear each other: Redis refuses them every channel. */
  async loseOrders(): Promise<void> {
    await this.client.call('ACL', 'SETUSER', 'default', 'resetchannels');
  }

  /** Ends the server and starts another one without data at the same port. */
  async restartEmpty(): Promise<void> {
    await this.redis.stop();
    this.redis = await startRedisServer([], this.redisPort);
  }

  async stop(): Promise<void> {
    this.redis.resume();
    this.client.disconnect();
    await Promise.all([this.home.stop(), this.other.stop()]);
    await this.redis.stop();
  }
}
