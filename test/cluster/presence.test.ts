/** Where users are, asked at one node for sockets at another. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend } from '../support/backend.js';
import { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { Nodes } from '../support/nodes.js';
import { newSessionToken } from '../support/session-token.js';

interface Presence {
  readonly user_id: string;
  readonly relay_sessions: readonly object[];
  readonly user_sessions: readonly object[] | null;
  readonly nodes: readonly string[];
  readonly sockets: number;
}
interface Fresh {
  readonly as_of: number;
  readonly max_staleness_ms: number;
  readonly nodes_timed_out: readonly string[];
}

const NOWHERE = { relay_sessions: [], user_sessions: [], nodes: [], sockets: 0 };

describe.each([1, 2])('presence over %i nodes', (count) => {
  let nodes: Nodes;
  const here = 0;
  const there = count - 1;

  beforeAll(async () => {
    nodes = await Nodes.start(count);
  });

  afterAll(() => nodes.stop());

  const idOf = (zone: number): Promise<string> => nodeIdOf(nodes, zone);
  const presenceOf = (user: string, by = nodes.at(here)): Promise<Presence & Fresh> => presenceBy(by, user);

  async function member(user: string, home: number, by: Backend = nodes.at(home)) {
    const filters = [{ field: 'zone', values: [String(home)], filter_type: 'any' }];
    const session = await by.createSession(1, { filters });
    const client = await Client.join(nodes.process(home).socketUrl, await by.mint(session.session_id, user));
    return { id: session.session_id, client };
  }

  it('PR1, PR6 a member is found with its session and node, away when its socket is lost, and gone when it left', async () => {
    const user = freshUser();
    const { id, client } = await member(user, there);
    const node = await idOf(there);
    const askedAtMs = Date.now();
    const found = await presenceOf(user);
    const at = { session_id: id, index: client.index, role: 'host', connected: true, home: node, node };
    expect(found).toMatchObject({ user_id: user, relay_sessions: [at], user_sessions: [], nodes: [node], sockets: 1 });
    expect(found).toMatchObject({ max_staleness_ms: 1000, nodes_timed_out: [] });
    expect(Math.abs(found.as_of - askedAtMs)).toBeLessThan(5_000);
    client.drop();
    await eventually(async () => ((await presenceOf(user)).sockets === 0 ? null : 'still a socket'));
    const away = { ...at, connected: false, node: null };
    expect(await presenceOf(user)).toMatchObject({ relay_sessions: [away], nodes: [], sockets: 0 });
    await nodes.at(here).relays('DELETE', `/v1/relays/sessions/${id}`);
    expect(await presenceOf(user)).toMatchObject(NOWHERE);
  });

  it('PR1, PR5 session sockets are counted for a key that may see user sessions', async () => {
    const { userId: user, jwt } = await newSessionToken(nodes.at(there));
    const sockets = [1, 2].map(() => Client.join(nodes.process(there).socketUrl, jwt));
    const [one] = await Promise.all(sockets);
    const node = await idOf(there);
    const found = await presenceOf(user);
    const userSession = { id: expect.stringMatching(/^sess_/) as unknown, sockets: 2, nodes: [node] };
    expect(found).toMatchObject({ relay_sessions: [], user_sessions: [userSession], nodes: [node], sockets: 2 });
    one?.drop();
    await eventually(async () => ((await presenceOf(user)).sockets === 1 ? null : 'two sockets'));
    const relays = await keyWith(['relays']);
    expect(await presenceOf(user, relays)).toMatchObject({ ...NOWHERE, user_sessions: null });
  });

  it('PR5 a key sees the sessions of its own project', async () => {
    const [ours, theirs] = [await keyWith(['relays']), await keyWith(['relays'])];
    const user = freshUser();
    const { id } = await member(user, there, new Backend(nodes.at(there).url, ours.key));
    await member(user, there, new Backend(nodes.at(there).url, theirs.key));
    expect(await presenceOf(user, ours)).toMatchObject({ relay_sessions: [{ session_id: id }], sockets: 1 });
    expect(await presenceOf(user)).toMatchObject({ sockets: 2 });
  });

  it('PR4 a batch answers in the order of the question, a user who is asked for twice included', async () => {
    const [a, b] = [freshUser(), freshUser()];
    await member(a, here);
    await member(b, there);
    const ask = (user_ids: readonly string[]) =>
      nodes.at(here).native('POST', '/v1/presence/users:batch-get', { user_ids });
    const { status, body } = await ask([b, 'nobody', a, b]);
    const { users, ...fresh } = body as Fresh & { users: Presence[] };
    expect(status).toBe(200);
    expect(users.map(({ user_id, sockets }) => [user_id, sockets])).toEqual([
      [b, 1],
      ['nobody', 0],
      [a, 1],
      [b, 1],
    ]);
    expect(fresh).toEqual({ as_of: expect.any(Number) as unknown, max_staleness_ms: 1000, nodes_timed_out: [] });
    const many = Array.from({ length: 101 }, (_, i) => `user-${String(i)}`);
    for (const wrong of [[], many, ['has space']]) expect((await ask(wrong)).status).toBe(400);
    expect((await ask(many.slice(1))).status).toBe(200);
  });

  async function keyWith(scopes: readonly string[]): Promise<Backend> {
    const { body } = await nodes.at(here).native('POST', '/v1/keys', { name: 'k', scopes });
    return new Backend(nodes.at(here).url, (body as { secret: string }).secret);
  }
});

describe('presence beside a frozen node', () => {
  it('PR3 a frozen node is named; once its lease has ended it is not asked', async () => {
    const nodes = await Nodes.start(2);
    try {
      const user = freshUser();
      const session = await nodes.sessionAt(0);
      await Client.join(nodes.process(0).socketUrl, await nodes.at(0).mint(session.session_id, user));
      const frozen = await nodeIdOf(nodes, 1);
      const asked = () => presenceBy(nodes.at(0), user);
      expect(await asked()).toMatchObject({ nodes_timed_out: [], sockets: 1 });
      nodes.process(1).child.kill('SIGSTOP');
      expect(await asked()).toMatchObject({ nodes_timed_out: [frozen], sockets: 1 });
      await eventually(async () => ((await asked()).nodes_timed_out.length === 0 ? null : 'still asked'), 10_000);
    } finally {
      await nodes.stop();
    }
  });
});

const freshUser = (): string => `u${crypto.randomUUID()}`;

async function nodeIdOf(nodes: Nodes, zone: number): Promise<string> {
  const { body } = await nodes.at(zone).native('GET', '/v1/nodes');
  const all = (body as { nodes: { id: string; labels: { zone: string } }[] }).nodes;
  return all.find(({ labels }) => labels.zone === String(zone))?.id ?? '';
}

async function presenceBy(backend: Backend, user: string): Promise<Presence & Fresh> {
  const { status, body } = await backend.native('GET', `/v1/presence/users/${user}`);
  expect(status).toBe(200);
  return body as Presence & Fresh;
}
