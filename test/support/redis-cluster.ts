/** A Redis Cluster on this machine, for tests that move its slots or end one of its servers. */
import { Redis } from 'ioredis';
import { eventually } from './eventually.js';
import { freePort, startRedisServer, type RedisServer } from './redis-server.js';

const SLOTS = 16_384;

export interface RedisCluster {
  readonly url: string;
  /** The servers that began as masters. */
  readonly servers: readonly RedisServer[];
  /** The sharded channels that have subscribers, on whatever server, sorted. */
  shardChannels(): Promise<readonly string[]>;
  /** Moves the slot of this key or channel to the next server. It must hold no keys. */
  moveSlotOf(key: string): Promise<void>;
  /** The server that began as the master of this key or channel. */
  masterOf(key: string): Promise<RedisServer>;
  /** Whether the servers that answer agree on a cluster that serves every slot, without `gone`. */
  isWholeWithout(gone: RedisServer): Promise<boolean>;
  stop(): Promise<void>;
}

interface ClusterServer extends RedisServer {
  readonly busPort: number;
}

/** With replicas, each master has one. */
export async function startRedisCluster(
  masters: number,
  replication: 'none' | 'replicas' = 'none',
): Promise<RedisCluster> {
  const args = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--cluster-node-timeout', '2000'];
  // By default a master waits 5 s for more replicas before it sends them its data.
  args.push('--repl-diskless-sync-delay', '0');
  const servers = await Promise.all(Array.from({ length: masters }, () => startMember(args)));
  const replicas = replication === 'none' ? [] : await Promise.all(servers.map(() => startMember(args)));
  const clients = servers.map(({ url }) => new Redis(url));
  const ids = await Promise.all(clients.map((client) => client.cluster('MYID')));
  const share = Math.ceil(SLOTS / masters);
  for (const [i, client] of clients.entries()) {
    await client.call('CLUSTER', 'ADDSLOTSRANGE', i * share, Math.min(SLOTS, (i + 1) * share) - 1);
    await client.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
  }
  // A server that has met another one refuses an epoch, so all have theirs before the first of them meets.
  for (const client of clients) {
    for (const server of servers) await meet(client, server);
  }
  await eventually(async () => {
    const states = await Promise.all(clients.map((client) => client.cluster('INFO')));
    const isFormed = (text: string) => text.includes('state:ok') && text.includes(`known_nodes:${String(masters)}`);
    return states.every(isFormed) ? null : 'the cluster is not formed';
  });
  const followers = replicas.map(({ url }) => new Redis(url));
  for (const client of [...clients, ...followers]) client.on('error', () => undefined);
  await Promise.all(
    servers.map(async (master, i) => {
      const client = followers[i];
      if (client !== undefined) await follow(client, master, ids[i] ?? '');
    }),
  );
  const slotOf = async (key: string): Promise<number> => Number(await clients[1]?.call('CLUSTER', 'KEYSLOT', key));
  return {
    url: `redis+cluster://${servers.map(({ port }) => `127.0.0.1:${String(port)}`).join(',')}`,
    servers,
    shardChannels: async () => {
      const lists = await Promise.all(clients.map((client) => client.call('PUBSUB', 'SHARDCHANNELS')));
      return lists.flatMap((list) => (Array.isArray(list) ? list.map(String) : [])).sort();
    },
    moveSlotOf: async (key) => {
      const slot = await slotOf(key);
      const next = (Math.floor(slot / share) + 1) % masters;
      for (const client of clients) await client.call('CLUSTER', 'SETSLOT', slot, 'NODE', ids[next] ?? '');
    },
    masterOf: async (key) => {
      const server = servers[Math.floor((await slotOf(key)) / share)];
      if (server === undefined) throw new Error('there is no such slot');
      return server;
    },
    isWholeWithout: async (gone) => {
      const others = [...clients, ...followers].filter((_, i) => [...servers, ...replicas][i] !== gone);
      const views = await Promise.all(
        others.map(async (client) => [await client.cluster('INFO'), String(await client.call('CLUSTER', 'NODES'))]),
      );
      return views.every(([info = '', nodes = '']) => info.includes('state:ok') && !isMasterIn(nodes, gone));
    },
    stop: async () => {
      for (const client of [...clients, ...followers]) client.disconnect();
      await Promise.all([...servers, ...replicas].map((server) => server.stop()));
    },
  };
}

/** By default the port between servers is 10,000 above the other one, where there may be none. */
async function startMember(args: readonly string[]): Promise<ClusterServer> {
  const busPort = await freePort();
  return { ...(await startRedisServer([...args, '--cluster-port', String(busPort)])), busPort };
}

async function meet(client: Redis, { port, busPort }: ClusterServer): Promise<void> {
  await client.call('CLUSTER', 'MEET', '127.0.0.1', port, busPort);
}

/** Makes an empty server the replica of a master. */
async function follow(client: Redis, master: ClusterServer, masterId: string): Promise<void> {
  await meet(client, master);
  await eventually(async () => {
    await client.call('CLUSTER', 'REPLICATE', masterId);
    return null;
  });
  await eventually(async () => {
    const text = await client.info('replication');
    return text.includes('master_link_status:up') ? null : 'the replica is not in sync';
  });
}

function isMasterIn(nodes: string, { port }: RedisServer): boolean {
  return nodes.split('\n').some((line) => line.includes(`:${String(port)}@`) && / \d+-\d+/.test(line));
}
