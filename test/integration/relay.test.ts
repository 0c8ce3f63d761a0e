import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, pairOf } from '../support/backend.js';
import { STORES } from '../support/both-stores.js';
import { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';

describe.each(STORES)('relaying on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let backend: Backend;

  beforeAll(async () => {
    running = await startGateway({ redisUrl: redisUrl(), env: { SALLYPORT_FLUSH_MS: '0' } });
    backend = new Backend(running.url);
  });

  afterAll(() => running.stop());

  async function room(users: number, more: Record<string, unknown> = {}): Promise<Client[]> {
    const session = await backend.createSession(users, more);
    const clients: Client[] = [];
    for (let n = 0; n < users; n += 1) clients.push(await Client.join(running.socketUrl, pairOf(session, n)));
    return clients;
  }

  function expectClients<N extends number>(clients: Client[], count: N): Client[] & { length: N } {
    expect(clients).toHaveLength(count);
    return clients as Client[] & { length: N };
  }

  it('RL1 a frame reaches every other member once, and not its sender', async () => {
    const [a, b, c] = expectClients(await room(3), 3) as unknown as [Client, Client, Client];
    a.relay({ deliveryClass: 0, payload: 'hello' });
    await Promise.all([b.expectEntries(1), c.expectEntries(1)]);
    await Promise.all([a.settle(), b.settle(), c.settle()]);
    expect(b.entries).toMatchObject([{ sender: a.index, deliveryClass: 0, targeted: false }]);
    expect(b.texts()).toEqual(['hello']);
    expect(c.texts()).toEqual(['hello']);
    expect(a.entries).toEqual([]);
  });

  it('RL1 entries of one sender arrive in the order they were sent, whatever their class', async () => {
    const [a, b] = (await room(2)) as [Client, Client];
    for (let n = 0; n < 300; n += 1)
      a.relay({ deliveryClass: n % 3 === 0 ? 0 : n % 3 === 1 ? 1 : 2, key: n, payload: String(n) });
    await b.expectEntries(300);
    expect(b.texts()).toEqual(Array.from({ length: 300 }, (_, n) => String(n)));
  });

  it('RL4 a targeted frame reaches its targets alone, marked as targeted, in order with the others', async () => {
    const [a, b, c] = (await room(3)) as [Client, Client, Client];
    a.relay({ deliveryClass: 0, payload: '1 all' });
    a.relay({ deliveryClass: 0, targets: [b.index], payload: '2 b' });
    a.relay({ deliveryClass: 2, targets: [c.index, c.index, a.index], payload: '3 c' });
    a.relay({ deliveryClass: 0, targets: [], payload: '4 nobody' });
    a.relay({ deliveryClass: 0, payload: '5 all' });
    await Promise.all([b.expectEntries(3), c.expectEntries(3)]);
    await Promise.all([a.settle(), b.settle(), c.settle()]);
    expect(b.texts()).toEqual(['1 all', '2 b', '5 all']);
    expect(c.texts()).toEqual(['1 all', '3 c', '5 all']);
    expect(b.entries.map(({ targeted }) => targeted)).toEqual([false, true, false]);
    expect(a.entries).toEqual([]);
  });

  it('RL5 a ref is answered by an ack with the number of the entry', async () => {
    const [a, b] = (await room(2)) as [Client, Client];
    a.relay({ deliveryClass: 2, ref: 7, payload: 'x' });
    a.relay({ deliveryClass: 2, payload: 'y' });
    a.relay({ deliveryClass: 2, ref: 0xffffffff, payload: 'z' });
    a.relay({ deliveryClass: 0, ref: 9, payload: 'v' });
    await a.expect('ack', 3);
    expect(a.of('ack')).toEqual([
      { type: 'ack', ref: 7, seq: 1 },
      { type: 'ack', ref: 0xffffffff, seq: 3 },
      { type: 'ack', ref: 9, seq: 0 },
    ]);
    await b.expectEntries(4);
    expect(b.entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 0]);
  });

  it('RL6 an entry of class latest carries its key', async () => {
    const [a, b] = (await room(2)) as [Client, Client];
    a.relay({ deliveryClass: 1, key: 65535, payload: 'x' });
    await b.expectEntries(1);
    expect(b.entries).toMatchObject([{ deliveryClass: 1, key: 65535 }]);
  });

  it('RL7 a message of the backend comes from sender 65535, to everybody or to its targets', async () => {
    const session = await backend.createSession(2);
    const a = await Client.join(running.socketUrl, pairOf(session, 0));
    const b = await Client.join(running.socketUrl, pairOf(session, 1));
    const path = `/v1/relays/sessions/${session.session_id}/messages`;
    const payload_base64 = Buffer.from('from behind').toString('base64');
    const all = await backend.native('POST', path, { class: 'reliable', payload_base64 });
    expect(all).toMatchObject({ status: 200, body: { seq: 1, receivers: 2 } });
    const one = await backend.native('POST', path, { class: 'volatile', targets: [b.index], payload_base64 });
    expect(one).toMatchObject({ status: 200, body: { seq: null, receivers: 1 } });
    await Promise.all([a.expectEntries(1), b.expectEntries(2)]);
    expect(b.entries).toMatchObject([
      { sender: 65535, deliveryClass: 2, seq: 1, targeted: false },
      { sender: 65535, deliveryClass: 0, targeted: true },
    ]);
    await a.settle();
    expect(a.texts()).toEqual(['from behind']);
  });

  it('RL8 sessions do not hear each other', async () => {
    const [a, b] = (await room(2)) as [Client, Client];
    const [c, d] = (await room(2)) as [Client, Client];
    a.relay({ deliveryClass: 0, payload: 'first' });
    c.relay({ deliveryClass: 0, payload: 'second' });
    await Promise.all([b.expectEntries(1), d.expectEntries(1)]);
    await Promise.all([b.settle(), d.settle()]);
    expect(b.texts()).toEqual(['first']);
    expect(d.texts()).toEqual(['second']);
  });

  it('RL9 with flush_ms a receiver gets the entries of a window in one frame', async () => {
    const [a, b, c] = (await room(3, { flush_ms: 50 })) as [Client, Client, Client];
    for (let n = 0; n < 10; n += 1) {
      a.relay({ deliveryClass: 0, payload: 'a' });
      c.relay({ deliveryClass: 0, payload: 'c' });
    }
    await b.expectEntries(20);
    // 20 frames take far less than 50 ms to arrive; on a slow machine they may span two windows.
    expect(b.batches).toBeLessThanOrEqual(3);
    expect(b.texts().filter((text) => text === 'a')).toHaveLength(10);
  });

  it('RL10 payloads of 0 bytes and of the largest size pass unchanged', async () => {
    const [a, b] = (await room(2)) as [Client, Client];
    const large = Buffer.alloc(16384, 0).map((_, n) => n % 251);
    a.relay({ deliveryClass: 2, payload: new Uint8Array(0) });
    a.relay({ deliveryClass: 2, payload: large });
    await b.expectEntries(2);
    expect(b.entries[0]?.payload).toHaveLength(0);
    expect(Buffer.compare(Buffer.from(b.entries[1]?.payload ?? []), large)).toBe(0);
  });

  it('RL11 frames of one member never wait for another one of the session that is away', async () => {
    const [a, b, c] = (await room(3)) as [Client, Client, Client];
    c.drop();
    await a.expect('member.away');
    a.relay({ deliveryClass: 2, targets: [c.index], payload: 'kept for c' });
    a.relay({ deliveryClass: 2, payload: 'for all' });
    await b.expectEntries(1);
    await eventually(() => (b.texts().join() === 'for all' ? null : b.texts().join()));
  });
});
