/** A Redis Cluster of masters on this machine, for tests that move its slots or end one of its servers. */
import { Redis } from 'ioredis';
import { eventually } from './eventually.js';
import { startRedisServer, type RedisServer } from './redis-server.js';

const SLOTS = 16_384;

export interface RedisCluster {
  readonly url: string;
  readonly servers: readonly RedisServer[];
  /** The sharded channels that have subscribers, on whatever server, sorted. */
  shardChannels(): Promise<readonly string[]>;
  /** Moves the slot of this key or channel to the next server. It must hold no keys. */
  moveSlotOf(key: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startRedisCluster(masters: number): Promise<RedisCluster> {
  const args = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--cluster-node-timeout', '2000'];
  const servers = await Promise.all(Array.from({ length: masters }, () => startRedisServer(args)));
  const clients = servers.map(({ url }) => new Redis(url));
  const ids = await Promise.all(clients.map((client) => client.cluster('MYID')));
  const share = Math.ceil(SLOTS / masters);
  for (const [i, client] of clients.entries()) {
    await client.call('CLUSTER', 'ADDSLOTSRANGE', i * share, Math.min(SLOTS, (i + 1) * share) - 1);
    await client.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
  }
  // A server that has met another one refuses an epoch, so all have theirs before the first of them meets.
  for (const client of clients) {
    for (const { port } of servers) await client.call('CLUSTER', 'MEET', '127.0.0.1', port);
  }
  await eventually(async () => {
    const states = await Promise.all(clients.map((client) => client.cluster('INFO')));
    const isFormed = (text: string) => text.includes('state:ok') && text.includes(`known_nodes:${String(masters)}`);
    return states.every(isFormed) ? null : 'the cluster is not formed';
  });
  return {
    url: `redis+cluster://${servers.map(({ port }) => `127.0.0.1:${String(port)}`).join(',')}`,
    servers,
    shardChannels: async () => {
      const lists = await Promise.all(clients.map((client) => client.call('PUBSUB', 'SHARDCHANNELS')));
      return lists.flatMap((list) => (Array.isArray(list) ? list.map(String) : [])).sort();
    },
    moveSlotOf: async (key) => {
      const slot = Number(await clients[0]?.call('CLUSTER', 'KEYSLOT', key));
      const next = (Math.floor(slot / share) + 1) % masters;
      for (const client of clients) await client.call('CLUSTER', 'SETSLOT', slot, 'NODE', ids[next] ?? '');
    },
    stop: async () => {
      for (const client of clients) client.disconnect();
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}
