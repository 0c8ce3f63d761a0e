/** A client may connect to any node: one that is not the home of its session becomes a satellite of the home. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pairOf } from '../support/backend.js';
import { Client, type Refused } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { Nodes } from '../support/nodes.js';

const RELIABLE = 2;
const NODES = [0, 1, 2] as const;

/** `npm run test:long` has 2,000 joins into 500 seats, and 10,000 entries in one order. */
const JOINS = Number(process.env['SALLYPORT_TEST_JOINS'] ?? '120');
const ENTRIES_OF_EACH = Number(process.env['SALLYPORT_TEST_ORDERED'] ?? '800') / 8;

describe('satellites', () => {
  let nodes: Nodes;

  beforeAll(async () => {
    nodes = await Nodes.start(3, {
      SALLYPORT_MESSAGES_PER_S: '300',
      SALLYPORT_BYTES_PER_S: '0',
      SALLYPORT_WORK_MS_PER_S: '0',
    });
  });

  afterAll(() => nodes.stop());

  const join = (session: Parameters<typeof pairOf>[0], user: number, node: number): Promise<Client> =>
    Client.join(nodes.process(node).socketUrl, pairOf(session, user));

  async function count(node: number, name: string): Promise<number> {
    const { body } = await nodes.at(node).call('GET', '/metrics');
    return Number(new RegExp(`^sallyport_${name} (\\d+)$`, 'm').exec(String(body))?.[1]);
  }

  it('SA1 a member joins at any node, and the others at every node hear of it, of its state and of its going', async () => {
    const session = await nodes.sessionAt(0, 3);
    const members = [await join(session, 0, 0), await join(session, 1, 1), await join(session, 2, 2)] as const;
    const [home, first, second] = members;
    const { node } = home.welcome;
    expect(members.map(({ welcome }) => welcome.node)).toEqual([node, node, node]);
    expect(second.welcome.members.map(({ index }) => index)).toEqual([home.index, first.index, second.index]);
    first.say({ type: 'state', state: { ready: true } });
    for (const other of [home, second]) {
      expect(await other.expect('member.state')).toMatchObject({ index: first.index, state: { ready: true } });
    }
    first.drop();
    for (const other of [home, second]) expect(await other.expect('member.away')).toMatchObject({ index: first.index });
    second.say({ type: 'leave' });
    expect(await second.expectClosed()).toEqual({ code: 1000, reason: 'left' });
    expect(await home.expect('member.left')).toMatchObject({ index: second.index, reason: 'left' });
  });

  it('SA2 entries of senders at three nodes arrive at all members once and in one order', async () => {
    const session = await nodes.sessionAt(0, 8);
    const clients = await Promise.all(Array.from({ length: 8 }, (_, n) => join(session, n, n % 3)));
    const each = ENTRIES_OF_EACH;
    for (let n = 0; n < each; n += 1) {
      for (const client of clients) {
        client.relay({ deliveryClass: RELIABLE, ref: n, payload: `${String(client.index)}:${String(n)}` });
      }
      await Promise.all(clients.map((client) => client.expect('ack', n + 1)));
    }
    const orders = await Promise.all(
      clients.map(async (client) => {
        await client.expectEntries(7 * each);
        await client.settle();
        return client.entries
          .filter(({ sender }) => sender !== client.index)
          .map(({ seq, payload }) => `${String(seq)} ${Buffer.from(payload).toString()}`);
      }),
    );
    const all = [...new Set(orders.flat())].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
    expect(all).toHaveLength(8 * each);
    for (const [n, order] of orders.entries()) {
      expect(order).toEqual(all.filter((entry) => !entry.includes(` ${String(clients[n]?.index)}:`)));
    }
  });

  it('SA3 volatile, latest and targeted entries take the same way, in both directions', async () => {
    const session = await nodes.sessionAt(0, 3);
    const [home, far, farther] = [await join(session, 0, 0), await join(session, 1, 1), await join(session, 2, 1)];
    far.relay({ deliveryClass: 0, payload: 'volatile' });
    far.relay({ deliveryClass: 1, key: 7, payload: 'latest' });
    far.relay({ deliveryClass: RELIABLE, targets: [farther.index], payload: 'for one' });
    expect(await farther.expectEntries(3)).toMatchObject([
      { deliveryClass: 0 },
      { deliveryClass: 1, key: 7 },
      { deliveryClass: RELIABLE, targeted: true, seq: 1 },
    ]);
    await home.expectEntries(2);
    home.relay({ deliveryClass: RELIABLE, targets: [far.index], payload: 'for far' });
    await eventually(() => (far.texts().includes('for far') ? null : 'it is on its way'));
    expect(home.texts()).toEqual(['volatile', 'latest']);
    expect(farther.texts()).toEqual(['volatile', 'latest', 'for one']);
  });

  it.each(NODES.flatMap((given) => NODES.map((at) => [given, at] as const)))(
    'SA4 a kick at node %i reaches a member whose socket is at node %i, and the report counts its socket once',
    async (given, at) => {
      const session = await nodes.sessionAt(0, 2);
      const [stays, goes] = [await join(session, 0, 0), await join(session, 1, at)];
      const kick = `/v1/relays/sessions/${session.session_id}/kick`;
      expect(await nodes.at(given).native('POST', kick, { index: goes.index })).toMatchObject({
        body: { matched: 1, closed: 1, nodes_acked: 3, nodes_timed_out: 0 },
      });
      expect(await goes.expectClosed()).toEqual({ code: 4001, reason: 'kicked' });
      expect(await stays.expect('member.left')).toMatchObject({ index: goes.index, reason: 'kicked' });
    },
  );

  it('SA5 a member resumes at any node and gets what it missed', async () => {
    const session = await nodes.sessionAt(0, 2);
    const [stays, wanders] = [await join(session, 0, 2), await join(session, 1, 1)];
    stays.relay({ deliveryClass: RELIABLE, ref: 1, payload: 'seen' });
    const [seen] = await wanders.expectEntries(1);
    wanders.drop();
    await stays.expect('member.away');
    stays.relay({ deliveryClass: RELIABLE, ref: 2, payload: 'missed' });
    await stays.expect('ack', 2);
    const back = await Client.join(nodes.process(2).socketUrl, wanders.welcome.resume.token, {
      query: { seq: String(seen?.seq) },
    });
    expect(back.welcome).toMatchObject({ recovered: true, you: { index: wanders.index } });
    await back.expectEntries(1);
    expect(back.texts()).toEqual(['missed']);
    await stays.expect('member.back');
  });

  it('LR1 a member at a satellite that only sends is told of no gap of its own entries, and the others are', async () => {
    const session = await nodes.sessionAt(0, 2, { resume_window_ms: 1000 });
    const [stays, sends] = [await join(session, 0, 2), await join(session, 1, 1)];
    sends.relay({ deliveryClass: RELIABLE, ref: 1, payload: 'too old to keep' });
    await sends.expect('ack', 1);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    sends.relay({ deliveryClass: RELIABLE, ref: 2, payload: 'kept' });
    await sends.expect('ack', 2);
    const resumed = async ({ welcome }: Client, node: number): Promise<[boolean, unknown[]]> => {
      const query = { seq: '0' };
      const back = await Client.join(nodes.process(node).socketUrl, welcome.resume.token, { query });
      await back.settle();
      return [back.welcome.recovered, back.of('gap')];
    };
    expect(await resumed(sends, 1)).toEqual([true, []]);
    const gap = { type: 'gap', from: 1, to: 1, reason: 'replay_window' };
    expect(await resumed(stays, 2)).toEqual([false, [gap]]);
  });

  it('LR3 in a large room, members at three nodes know exactly who is there', async () => {
    const members = 90;
    const session = await nodes.sessionAt(0, members);
    const clients: Client[] = [];
    for (let n = 0; n < members; n += 10) {
      const ten = Array.from({ length: 10 }, (_, k) => join(session, n + k, k % 3));
      clients.push(...(await Promise.all(ten)));
      const newest = clients.at(-1);
      newest?.relay({ deliveryClass: RELIABLE, payload: 'from a newcomer' });
      newest?.say({ type: 'state', state: n });
    }
    for (const leaver of clients.splice(0, 9)) leaver.say({ type: 'leave' });
    const there = clients.map(({ index }) => index).sort((a, b) => a - b);
    const heard = (client: Client): readonly number[] => [
      ...client.welcome.members.map(({ index }) => index),
      ...client.of('member.joined').map(({ member }) => member.index),
    ];
    await eventually(() => {
      for (const client of clients) {
        const left = new Set(client.of('member.left').map(({ index }) => index));
        const known = heard(client).filter((index) => !left.has(index));
        known.sort((a, b) => a - b);
        if (String(known) !== String(there)) return `${String(client.index)} knows ${String(known)}`;
        if (new Set(heard(client)).size !== heard(client).length) return `${String(client.index)} was told twice`;
      }
      return null;
    });
  });

  it('WF10 HO3 the errors of a host at a satellite repeat the refs of its control frames', async () => {
    const session = await nodes.sessionAt(0, 3);
    const host = await join(session, 0, 1);
    const [home, other] = [await join(session, 1, 0), await join(session, 2, 2)];
    const refused = async (client: Client, frame: object): Promise<unknown[]> => {
      const before = client.of('error').length;
      client.say({ ...frame });
      await client.expect('error', before + 1);
      return client
        .of('error')
        .slice(before)
        .map(({ code, ref }) => [code, ref]);
    };
    expect(await refused(host, { type: 'kick', index: 9, ref: 0 })).toEqual([['unknown_member', 0]]);
    expect(await refused(host, { type: 'kick', index: 0, ref: 1 })).toEqual([['invalid_request', 1]]);
    expect(await refused(host, { type: 'kick', ref: 2 })).toEqual([['invalid_request', 2]]);
    expect(await refused(host, { type: 'host', index: 9, ref: 3 })).toEqual([['unknown_member', 3]]);
    expect(await refused(host, { type: 'lock', locked: 1, ref: 4 })).toEqual([['invalid_request', 4]]);
    expect(await refused(host, { type: 'state', ref: 5 })).toEqual([['invalid_request', 5]]);
    expect(await refused(host, { type: 'crown', ref: 6 })).toEqual([['unknown_type', 6]]);
    expect(await refused(other, { type: 'lock', locked: true, ref: 7 })).toEqual([['not_host', 7]]);
    // Control: what the gateway does gets no error.
    host.say({ type: 'lock', locked: true, ref: 8 });
    await home.expect('session.updated');
    host.say({ type: 'host', index: home.index, ref: 9 });
    expect(await other.expect('host')).toMatchObject({ index: home.index });
    expect(host.of('error').length).toBe(7);
  });

  it('SA6 concurrent joins at three nodes fill a session exactly to its cap', async () => {
    // The listed user holds a seat.
    const seats = JOINS / 4;
    const session = await nodes.sessionAt(0, 1, { max_users: seats });
    const path = `/v1/relays/sessions/${session.session_id}/tokens`;
    const tokens = await Promise.all(
      Array.from({ length: JOINS }, async (_, n) => {
        const { body } = await nodes.at(n % 3).native('POST', path, { user_id: `user_${String(n).padStart(16, '0')}` });
        return (body as { token: string }).token;
      }),
    );
    // A satellite whose home does not answer within a second names the home, and the client goes there.
    const attempt = async (token: string, n: number): Promise<Client | Refused> => {
      const outcome = await Client.attempt(nodes.process(n % 3).socketUrl, token);
      const isElsewhere = !(outcome instanceof Client) && outcome.body.code === 'home_elsewhere';
      return isElsewhere ? Client.attempt(nodes.process(0).socketUrl, token) : outcome;
    };
    const outcomes = await Promise.all(tokens.map(attempt));
    const refused = outcomes.flatMap((outcome) => (outcome instanceof Client ? [] : [outcome.body.code]));
    expect(refused).toEqual(Array.from({ length: JOINS - seats + 1 }, () => 'session_full'));
    for (const outcome of outcomes) if (outcome instanceof Client) outcome.drop();
  });

  it('SA7 what a satellite gets of one flush is one segment, however many of its members receive it', async () => {
    const session = await nodes.sessionAt(0, 9);
    const sender = await join(session, 0, 0);
    const far = await Promise.all(Array.from({ length: 8 }, (_, n) => join(session, n + 1, 1)));
    await Promise.all(far.map((client) => client.settle()));
    const before = await count(0, 'link_segments_total');
    for (let n = 1; n <= 20; n += 1) {
      sender.relay({ deliveryClass: RELIABLE, ref: n, payload: String(n) });
      await sender.expect('ack', n);
    }
    await Promise.all(far.map((client) => client.expectEntries(20)));
    const segments = (await count(0, 'link_segments_total')) - before;
    // An entry that comes while the one before waits for its flush leaves with it.
    expect(segments).toBeGreaterThan(10);
    expect(segments).toBeLessThanOrEqual(20);
  });

  it('SA8 a satellite refuses frames over the size and over the rate by name, and counts what it forwards', async () => {
    const session = await nodes.sessionAt(0, 3);
    const [home, far, large] = [await join(session, 0, 0), await join(session, 1, 1), await join(session, 2, 1)];
    large.relay({ deliveryClass: 0, ref: 5, payload: new Uint8Array(20_000) });
    expect(await large.expect('error')).toMatchObject({ code: 'message_too_big', ref: 5 });
    expect(await large.expectClosed()).toMatchObject({ code: 4005 });
    const forwarded = await count(1, 'frames_forwarded_total');
    for (let n = 0; n < 3000; n += 1) far.relay({ deliveryClass: 0, payload: 'x' });
    await eventually(() => (far.of('error').some(({ code }) => code === 'rate_limited') ? null : 'all were accepted'));
    const passed = (await count(1, 'frames_forwarded_total')) - forwarded;
    expect(passed).toBeGreaterThanOrEqual(300);
    expect(passed).toBeLessThan(3000);
    await home.expectEntries(300);
  });

  it('SA10 (F12) members at satellites lose nothing and get nothing twice while the link to Redis is cut again and again', async () => {
    const session = await nodes.sessionAt(0, 3);
    const clients = [await join(session, 0, 0), await join(session, 1, 1), await join(session, 2, 2)] as const;
    const sent: string[] = [];
    for (let n = 0; n < 30; n += 1) {
      if (n % 5 === 2) await nodes.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      for (const [at, client] of clients.entries()) {
        const payload = `${String(at)}:${String(n)}`;
        client.relay({ deliveryClass: RELIABLE, ref: n, payload });
        sent.push(payload);
      }
      await clients[0].expect('ack', n + 1);
    }
    await Promise.all(clients.map((client) => client.expect('ack', 30)));
    for (const [at, client] of clients.entries()) {
      await client.expectEntries(60);
      await client.settle();
      const others = sent.filter((payload) => !payload.startsWith(`${String(at)}:`));
      expect([...client.texts()].filter((text) => !text.startsWith(`${String(at)}:`)).sort()).toEqual(others.sort());
      const seqs = client.entries.map(({ seq }) => seq);
      expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
      expect(client.closed).toBeNull();
    }
    expect(await count(0, 'link_segments_resent_total')).toBeGreaterThan(0);
  });

  it('SA13 a slow reader at a satellite gets every reliable entry or a named gap, and slows nobody', async () => {
    const session = await nodes.sessionAt(0, 4);
    const [sender, slow, beside] = [await join(session, 0, 0), await join(session, 1, 1), await join(session, 2, 1)];
    slow.socket.pause();
    // The kernel's buffers take some megabytes before the gateway has to hold anything.
    let sent = 0;
    const fellBehind = async (): Promise<boolean> => (await count(0, 'fell_behind_total')) > 0;
    while (!(await fellBehind())) {
      for (let n = 0; n < 50; n += 1, sent += 1) {
        sender.relay({ deliveryClass: RELIABLE, ref: sent, payload: new Uint8Array(16_000) });
      }
      await sender.expect('ack', sent);
      await beside.expectEntries(sent);
    }
    slow.socket.resume();
    await eventually(() => (slow.closed !== null || slow.entries.length >= sent ? null : 'it catches up'));
    expect(slow.entries.map(({ seq }) => seq)).toEqual(Array.from({ length: slow.entries.length }, (_, n) => n + 1));
    if (slow.closed !== null) expect(slow.closed.code).toBe(4101);
    expect(beside.closed).toBeNull();
  });

  it('SA9 a satellite closes its sockets with 4201 when the home dies, and the members come back at another node', async () => {
    const own = await Nodes.start(2);
    try {
      const session = await own.sessionAt(0, 1, { resume_window_ms: 60_000 });
      const far = await Client.join(own.process(1).socketUrl, pairOf(session));
      own.process(0).child.kill('SIGKILL');
      expect(await far.expectClosed()).toEqual({ code: 4201, reason: 'moved' });
      await eventually(async () => {
        const back = await Client.attempt(own.process(1).socketUrl, far.welcome.resume.token);
        return back instanceof Client ? null : String(back.body.code);
      }, 10_000);
    } finally {
      await own.stop();
    }
  });
});
