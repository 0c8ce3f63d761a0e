/** A decision at one node takes effect on the sockets of every other node. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pairOf, type Answer } from '../support/backend.js';
import { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { Nodes } from '../support/nodes.js';

const PAIRS = [0, 1, 2].flatMap((given) => [0, 1, 2].map((home) => [given, home] as const));
const ALL_ACKED = { closed: 1, nodes_acked: 3, nodes_timed_out: 0 };

const closedWith = (client: Client, code: number): Promise<void> =>
  eventually(() => (client.closed?.code === code ? null : `closed: ${JSON.stringify(client.closed)}`));

/** A user session that was opened at node `at`, and a token that opens its session socket. */
async function userWithSocket(nodes: Nodes, at: number) {
  const made = await nodes.at(at).native('POST', '/v1/users', { username: `u${crypto.randomUUID().slice(0, 8)}` });
  const userId = (made.body as { id: string }).id;
  const ticket = await nodes.at(at).native('POST', '/v1/sign_in_tokens', { user_id: userId });
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const form = `strategy=ticket&ticket=${encodeURIComponent((ticket.body as { token: string }).token)}`;
  const signedIn = await nodes.at(at).call('POST', '/v1/client/sign_ins?_is_native=1', form, type);
  const authorization = signedIn.headers.get('authorization') ?? '';
  const id = (signedIn.body as { response: { created_session_id: string } }).response.created_session_id;
  const act = (given: number, what: string): Promise<Answer> =>
    nodes.at(given).call('POST', `/v1/client/sessions/${id}/${what}?_is_native=1`, '', { ...type, authorization });
  const { jwt } = (await act(at, 'tokens')).body as { jwt: string };
  return { userId, id, jwt, act };
}

describe('orders between three nodes', () => {
  let nodes: Nodes;

  beforeAll(async () => {
    nodes = await Nodes.start(3);
  });

  afterAll(() => nodes.stop());

  async function memberAt(home: number) {
    const session = await nodes.sessionAt(home, 2);
    const client = await Client.join(nodes.process(home).socketUrl, pairOf(session, 0));
    const other = await Client.join(nodes.process(home).socketUrl, pairOf(session, 1));
    return { session, client, other, path: `/v1/relays/sessions/${session.session_id}` };
  }

  async function sessionSocketAt(at: number) {
    const session = await userWithSocket(nodes, at);
    return { ...session, socket: await Client.join(nodes.process(at).socketUrl, session.jwt) };
  }

  it.each(PAIRS)(
    'MN1 a kick at node %i reaches the member at node %i, and the report counts every node',
    async (given, home) => {
      const { client, other, path } = await memberAt(home);
      const answer = await nodes.at(given).native('POST', `${path}/kick`, { index: client.index });
      expect(answer).toMatchObject({ status: 200, body: { matched: 1, ...ALL_ACKED } });
      await closedWith(client, 4001);
      expect(await other.expect('member.left')).toMatchObject({ index: client.index, reason: 'kicked' });
      expect(other.closed).toBeNull();
    },
  );

  it.each(PAIRS)('MN1 a revocation at node %i reaches the member at node %i', async (given, home) => {
    const { session, client, other } = await memberAt(home);
    const body = { session_id: session.session_id, authorization_token: session.session_users[0]?.authorization_token };
    expect((await nodes.at(given).relays('POST', '/v1/relays/sessions:revoke-user', body)).status).toBe(200);
    await closedWith(client, 4002);
    expect(other.closed).toBeNull();
  });

  it.each(PAIRS)('MN1 the end of a session at node %i reaches its members at node %i', async (given, home) => {
    const { client, other, path } = await memberAt(home);
    expect((await nodes.at(given).relays('DELETE', path)).status).toBe(204);
    await Promise.all([closedWith(client, 4000), closedWith(other, 4000)]);
  });

  it.each(PAIRS)('MN2 a change of settings at node %i reaches the members at node %i', async (given, home) => {
    const { client, path } = await memberAt(home);
    const answer = await nodes.at(given).native('PATCH', path, { metadata: { map: 'dunes' } });
    expect(answer.status).toBe(200);
    expect(await client.expect('session.updated')).toMatchObject({ session: { metadata: { map: 'dunes' } } });
  });

  it.each(PAIRS)(
    'MN3 a touch, and the end of a user session, at node %i reach its socket at node %i',
    async (given, at) => {
      const { id, socket, act } = await sessionSocketAt(at);
      expect((await act(given, 'touch')).status).toBe(200);
      expect(await socket.expect('user_session.touched')).toMatchObject({ session: { id } });
      expect((await act(given, 'end')).status).toBe(200);
      expect(await socket.expect('user_session.ended')).toMatchObject({ session: { id, status: 'ended' } });
      await closedWith(socket, 4007);
    },
  );

  it.each(PAIRS)('MN3 a ban at node %i closes the session socket of the user at node %i', async (given, at) => {
    const { userId, socket } = await sessionSocketAt(at);
    expect((await nodes.at(given).native('POST', `/v1/users/${userId}/ban`)).status).toBe(200);
    await socket.expect('user_session.revoked');
    await closedWith(socket, 4002);
  });

  it('MN4 a key that is removed at one node is refused by the others when the answer is there', async () => {
    for (const [given, used] of PAIRS) {
      const made = await nodes.at(given).native('POST', '/v1/keys', { name: 'k', scopes: ['relays'] });
      const { id, secret } = made.body as { id: string; secret: string };
      const use = (): Promise<Answer> =>
        nodes.at(used).call('GET', '/v1/relays/sessions', undefined, { authorization: `token ${secret}` });
      expect((await use()).status).toBe(200);
      expect((await nodes.at(given).native('DELETE', `/v1/keys/${id}`)).status).toBe(204);
      expect((await use()).status).toBe(401);
    }
  });

  it.each(PAIRS)(
    'MN5 node %i lists the members at node %i as their home does, and hands a message in',
    async (given, home) => {
      const { client, other, path } = await memberAt(home);
      client.say({ type: 'state', state: { ready: true } });
      await other.expect('member.state');
      const answer = await nodes.at(given).native('GET', `${path}/members`);
      expect(answer).toMatchObject({
        status: 200,
        body: {
          max_staleness_ms: 0,
          members: [
            { index: client.index, connected: true, state: { ready: true } },
            { index: other.index, connected: true },
          ],
        },
      });
      const message = { payload_base64: Buffer.from('hello').toString('base64'), class: 'reliable' };
      const sent = await nodes.at(given).native('POST', `${path}/messages`, message);
      expect(sent).toMatchObject({ status: 200, body: { seq: 1 } });
      const [entry] = await client.expectEntries(1);
      expect(Buffer.from(entry?.payload ?? []).toString()).toBe('hello');
    },
  );
});

/** Nodes of a case of their own: the cases freeze them, or cut their way to each other. */
describe('orders that a node misses', () => {
  async function withNodes(count: number, play: (nodes: Nodes) => Promise<void>): Promise<void> {
    const nodes = await Nodes.start(count);
    try {
      await play(nodes);
    } finally {
      await nodes.stop();
    }
  }

  it('MN6 a kick of a member at a frozen node names it, kills the credential, and takes effect when the node is back', () =>
    withNodes(3, async (nodes) => {
      const session = await nodes.sessionAt(2, 2);
      const path = `/v1/relays/sessions/${session.session_id}`;
      const client = await Client.join(nodes.process(2).socketUrl, pairOf(session));
      nodes.process(2).child.kill('SIGSTOP');
      const answer = await nodes.at(0).native('POST', `${path}/kick`, { index: client.index });
      expect(answer.body).toMatchObject({ matched: 1, closed: 0, nodes_acked: 2, nodes_timed_out: 1 });
      expect((answer.body as { took_ms: number }).took_ms).toBeLessThan(1_500);
      nodes.process(2).child.kill('SIGCONT');
      await closedWith(client, 4001);
      expect(await Client.attempt(nodes.process(2).socketUrl, pairOf(session))).toMatchObject({ status: 403 });
    }));

  it('MN6 a home that does not answer is named, and the call is not', () =>
    withNodes(2, async (nodes) => {
      const session = await nodes.sessionAt(1, 1);
      await Client.join(nodes.process(1).socketUrl, pairOf(session));
      nodes.process(1).child.kill('SIGSTOP');
      const answer = await nodes.at(0).native('GET', `/v1/relays/sessions/${session.session_id}/members`);
      expect(answer).toMatchObject({ status: 503, body: { code: 'home_unreachable' } });
      const { node } = (answer.body as { details: { node: string } }).details;
      const listed = await nodes.at(0).native('GET', '/v1/nodes');
      const { nodes: all } = listed.body as { nodes: { id: string; labels: { zone: string } }[] };
      expect(all.find(({ id }) => id === node)?.labels.zone).toBe('1');
    }));

  it('MN7 orders that are lost on the way take effect when the loss is noticed', () =>
    withNodes(2, async (nodes) => {
      const session = await nodes.sessionAt(1, 2);
      const path = `/v1/relays/sessions/${session.session_id}`;
      const client = await Client.join(nodes.process(1).socketUrl, pairOf(session));
      const { jwt, userId } = await userWithSocket(nodes, 1);
      const socket = await Client.join(nodes.process(1).socketUrl, jwt);
      // Redis refuses the nodes their channels: nobody hears anything.
      await nodes.client.call('ACL', 'SETUSER', 'default', 'resetchannels');
      const [kick] = await Promise.all([
        nodes.at(0).native('POST', `${path}/kick`, { index: client.index }),
        nodes.at(0).native('POST', `/v1/users/${userId}/ban`),
      ]);
      expect(kick.body).toMatchObject({ matched: 1, nodes_timed_out: 1 });
      await nodes.client.call('ACL', 'SETUSER', 'default', 'allchannels');
      await Promise.all([closedWith(client, 4001), closedWith(socket, 4002)]);
    }));
});
