/** Row F13: a Redis Cluster moves a slot and loses a master, under two nodes whose sessions have members at both. */
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Backend, pairOf, type RelaySessionAnswer } from '../support/backend.js';
import { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { startRedisCluster, type RedisCluster } from '../support/redis-cluster.js';
import { fieldsOf } from '../support/session-keys.js';
import { Traffic } from '../support/traffic.js';

const ROOMS = Number(process.env['SALLYPORT_TEST_CLUSTER_ROOMS'] ?? 10);
const RESUBSCRIBED_WITHIN_MS = 5_000;
/** From the end of the fault until an order that was lost meanwhile has closed the socket. */
const OBEYED_WITHIN_MS = 5_000;
const LIMIT_MS = 180_000;
const CLEAN = { lost: 0, duplicates: 0, disordered: 0, strays: 0, gaps: 0, unrecovered: 0 };

describe('F13 a Redis Cluster that changes', () => {
  let cluster: RedisCluster;
  let nodes: GatewayProcess[] = [];
  let ids: string[] = [];
  let traffic: Traffic;

  beforeEach(async () => {
    cluster = await startRedisCluster(3, 'replicas');
    const start = (zone: string) =>
      startGatewayProcess({
        SALLYPORT_REDIS_URL: cluster.url,
        SALLYPORT_NODE_LABELS: `zone=${zone}`,
        SALLYPORT_FAILED_HANDSHAKES_PER_S: '0',
        SALLYPORT_LEASE_MS: '2000',
      });
    nodes = await Promise.all([start('0'), start('1')]);
    await eventually(async () => ((await heard()).every((each) => each) ? null : 'they do not hear each other'));
    const { body } = await at(0).native('GET', '/v1/nodes');
    const found = (body as { nodes: { id: string; public_url: string }[] }).nodes;
    ids = nodes.map(({ url }) => found.find(({ public_url }) => public_url === url)?.id ?? '');
    let turn = 0;
    // The members of each session are at both nodes.
    traffic = new Traffic({ url: () => nodes[(turn += 1) % 2]?.socketUrl ?? '', pauseMs: 50 });
    for (let n = 0; n < ROOMS; n += 1) await traffic.join(await sessionAt(n % 2, 4));
    traffic.begin();
    await eventually(() => (traffic.clients.every(({ acked }) => acked.length > 3) ? null : 'not all send yet'));
  }, 60_000);

  afterEach(async () => {
    await Promise.all(traffic.clients.map(({ sdk }) => sdk.stop()));
    await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
    await cluster.stop();
  });

  const at = (n: number): Backend => new Backend(nodes[n]?.url ?? '');
  const sessionAt = (home: number, users: number): Promise<RelaySessionAnswer> =>
    at(home).createSession(users, { filters: [{ field: 'zone', values: [String(home)], filter_type: 'any' }] });

  /** For each node, whether it hears the other one. */
  const heard = (): Promise<boolean[]> =>
    Promise.all(
      nodes.map(async ({ url }) => {
        const { body } = await new Backend(url).call('GET', '/metrics');
        return /^sallyport_nodes_heard 1$/m.test(String(body));
      }),
    );

  /** A member at its home, which is node 0, of a session that is not at the server that dies. */
  async function victim(dies: number | null): Promise<{ session: RelaySessionAnswer; client: Client }> {
    for (;;) {
      const session = await sessionAt(0, 1);
      const { port } = await cluster.masterOf(fieldsOf(session.session_id));
      if (port !== dies) return { session, client: await Client.join(nodes[0]?.socketUrl ?? '', pairOf(session)) };
    }
  }

  const kick = async ({ session, client }: Awaited<ReturnType<typeof victim>>) =>
    at(1).native('POST', `/v1/relays/sessions/${session.session_id}/kick`, { index: client.index });

  async function judge(name: string, more: Readonly<Record<string, number>>): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const acked = traffic.clients.map((client) => client.acked.length);
    await eventually(() =>
      traffic.clients.every((client, n) => client.acked.length > (acked[n] ?? 0)) ? null : 'not all are acked again',
    );
    const report = await traffic.end();
    console.log(name, JSON.stringify({ clients: traffic.clients.length, ...more, ...report }));
    expect(report).toMatchObject(CLEAN);
    expect(report.acked).toBeGreaterThan(traffic.clients.length * 10);
  }

  it(
    'RF10 (F13) the slot of a node’s channel moves: the node hears again within 5 s, and nothing is lost',
    async () => {
      const channel = `sallyport:bus:{${ids[0] ?? ''}}`;
      const owner = await cluster.masterOf(channel);
      // The control: a subscriber that does not subscribe again.
      const naive = new Redis(owner.url);
      let received = 0;
      naive.on('smessageBuffer', () => (received += 1));
      await naive.ssubscribe(channel);
      await eventually(() => (received > 0 ? null : 'nothing is sent to the node'));
      const target = await victim(null);
      await cluster.moveSlotOf(channel);
      const movedAtMs = performance.now();
      const before = received;
      const kicked = kick(target);
      await eventually(async () => ((await hears()) ? null : 'the node does not hear'), 20_000, 20);
      const resubscribedMs = Math.round(performance.now() - movedAtMs);
      await kicked;
      await eventually(() => (target.client.closed === null ? 'the kicked member is still there' : null));
      const obeyedMs = Math.round(performance.now() - movedAtMs);
      await judge('F13, slot move', { resubscribedMs, obeyedMs });
      expect(resubscribedMs).toBeLessThan(RESUBSCRIBED_WITHIN_MS);
      expect(obeyedMs).toBeLessThan(OBEYED_WITHIN_MS);
      expect(target.client.closed).toEqual({ code: 4001, reason: 'kicked' });
      expect(received - before).toBe(0);
      naive.disconnect();

      /** A call to node 0 by way of its channel. */
      async function hears(): Promise<boolean> {
        const session = traffic.sessionIds[0] ?? '';
        const message = { class: 'reliable', payload_base64: Buffer.from(`${session}/backend:1`).toString('base64') };
        return (await at(1).native('POST', `/v1/relays/sessions/${session}/messages`, message)).status === 200;
      }
    },
    LIMIT_MS,
  );

  it(
    'RF10 (F13) the master of the channels dies: its replica takes over, the nodes hear again within 5 s, nothing is lost',
    async () => {
      const dies = await cluster.masterOf('sallyport:bus:{all}');
      const target = await victim(dies.port);
      const killedAtMs = performance.now();
      await dies.stop();
      const report = await kick(target);
      await eventually(async () => ((await heard()).every((each) => !each) ? null : 'they still hear each other'));
      await eventually(async () => ((await cluster.isWholeWithout(dies)) ? null : 'not failed over'), 30_000, 20);
      const wholeAtMs = performance.now();
      await eventually(async () => ((await heard()).every((each) => each) ? null : 'deaf'), 30_000, 20);
      const resubscribedMs = Math.round(performance.now() - wholeAtMs);
      await eventually(() => (target.client.closed === null ? 'the kicked member is still there' : null));
      const obeyedMs = Math.round(performance.now() - wholeAtMs);
      const failoverMs = Math.round(wholeAtMs - killedAtMs);
      await judge('F13, failover', { failoverMs, resubscribedMs, obeyedMs, kickStatus: report.status });
      // The control: the order itself was lost.
      expect(report).toMatchObject({ status: 200, body: { matched: 1, closed: 0, nodes_timed_out: 1 } });
      expect(resubscribedMs).toBeLessThan(RESUBSCRIBED_WITHIN_MS);
      expect(obeyedMs).toBeLessThan(OBEYED_WITHIN_MS);
      expect(target.client.closed).toEqual({ code: 4001, reason: 'kicked' });
    },
    LIMIT_MS,
  );
});
