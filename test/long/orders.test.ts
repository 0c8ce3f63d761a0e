/**
 * F31: orders at each of three nodes for sockets at each of three nodes. What is exact is asserted, what is timed only
 * printed. SALLYPORT_TEST_ORDERS sets how many sockets there are for each order, node and node.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pairOf, type RelaySessionAnswer } from '../support/backend.js';
import { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { Nodes } from '../support/nodes.js';

const EACH = Number(process.env['SALLYPORT_TEST_ORDERS'] ?? 1);
const NODES = [0, 1, 2] as const;
/** Where the order is given, where the home is, and where the socket is. */
const CASES = NODES.flatMap((given) => NODES.flatMap((home) => NODES.map((at) => ({ given, home, at }))));

interface Ordered {
  readonly session: RelaySessionAnswer;
  readonly path: string;
  readonly client: Client;
  readonly given: number;
}

describe('F31 orders for sockets at any node', () => {
  let nodes: Nodes;

  beforeAll(async () => {
    nodes = await Nodes.start(3);
  });

  afterAll(() => nodes.stop());

  const ORDERS = {
    kick: {
      code: 4001,
      give: async ({ given, path, client }: Ordered) => {
        const answer = await nodes.at(given).native('POST', `${path}/kick`, { index: client.index });
        expect(answer.body, `given at ${String(given)}, closed: ${JSON.stringify(client.closed)}`).toMatchObject({
          matched: 1,
          closed: 1,
          nodes_acked: 3,
          nodes_timed_out: 0,
        });
      },
    },
    revoke: {
      code: 4002,
      give: async ({ given, session }: Ordered) => {
        const { session_id, session_users } = session;
        const body = { session_id, authorization_token: session_users[0]?.authorization_token };
        const answer = await nodes.at(given).relays('POST', '/v1/relays/sessions:revoke-user', body);
        expect(answer.status).toBe(200);
      },
    },
    end: {
      code: 4000,
      give: async ({ given, path }: Ordered) => {
        expect((await nodes.at(given).relays('DELETE', path)).status).toBe(204);
      },
    },
  } as const;

  it.each(Object.entries(ORDERS))('MN1, SA4 %s', async (name, { code, give }) => {
    const took: number[] = [];
    for (const { given, home, at } of CASES) {
      for (let n = 0; n < EACH; n += 1) {
        const session = await nodes.sessionAt(home, 2);
        const client = await Client.join(nodes.process(at).socketUrl, pairOf(session));
        const start = performance.now();
        const isClosed = new Promise<number>((resolve) => {
          client.socket.once('close', () => {
            resolve(performance.now() - start);
          });
        });
        await give({ session, client, given, path: `/v1/relays/sessions/${session.session_id}` });
        took.push(await isClosed);
        expect(client.closed?.code).toBe(code);
        expect(await Client.attempt(nodes.process(at).socketUrl, pairOf(session))).not.toBeInstanceOf(Client);
      }
    }
    expect(took).toHaveLength(CASES.length * EACH);
    const sorted = took.sort((a, b) => a - b);
    const percentile = (p: number): string => (sorted[Math.ceil(p * sorted.length) - 1] ?? 0).toFixed(1);
    console.log(
      `${name}: ${String(took.length)} sockets closed; p50 ${percentile(0.5)} ms, p99 ${percentile(0.99)} ms`,
    );
  });

  it('MN6 an order for a socket at a frozen satellite names the node, and the socket closes when the node is back', async () => {
    const session = await nodes.sessionAt(0, 2);
    const stays = await Client.join(nodes.process(0).socketUrl, pairOf(session, 0));
    const far = await Client.join(nodes.process(2).socketUrl, pairOf(session, 1));
    nodes.process(2).child.kill('SIGSTOP');
    const kick = `/v1/relays/sessions/${session.session_id}/kick`;
    const answer = await nodes.at(1).native('POST', kick, { index: far.index });
    expect(answer.body).toMatchObject({ matched: 1, nodes_acked: 2, nodes_timed_out: 1 });
    expect(await stays.expect('member.left')).toMatchObject({ index: far.index, reason: 'kicked' });
    expect(await Client.attempt(nodes.process(0).socketUrl, pairOf(session, 1))).toMatchObject({ status: 403 });
    nodes.process(2).child.kill('SIGCONT');
    const start = performance.now();
    await eventually(() => (far.closed === null ? 'still open' : null));
    console.log(`the frozen node closed its socket ${(performance.now() - start).toFixed(0)} ms after it was back`);
    expect(far.texts()).toEqual([]);
  });
});
