/** Clients find the home of their session, wherever they connect. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RelayClient } from '../../src/client/client.js';
import { pairOf } from '../support/backend.js';
import { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { Nodes } from '../support/nodes.js';

describe('clients follow their session', () => {
  let nodes: Nodes;

  beforeAll(async () => {
    nodes = await Nodes.start(2);
    // The nodes do not hear each other: neither can be the satellite of the other.
    await nodes.client.call('ACL', 'SETUSER', 'default', 'resetchannels');
  });

  afterAll(() => nodes.stop());

  it('MN9 a handshake at a node that does not reach the home is refused with the URL that REST names for the session', async () => {
    const session = await nodes.sessionAt(1);
    const seen = await nodes.at(0).relays('GET', `/v1/relays/sessions/${session.session_id}`);
    const { link } = (seen.body as { relay: { ports: { client: { link: string } } } }).relay.ports.client;
    const refused = { code: 'home_elsewhere', url: link };
    expect(await Client.attempt(nodes.process(0).socketUrl, pairOf(session))).toMatchObject({
      status: 503,
      body: refused,
    });
    expect((await Client.join(link, pairOf(session))).closed).toBeNull();
  });

  it('MN9 the SDK goes from the wrong node to the home, and to another node when the home was killed', async () => {
    const session = await nodes.sessionAt(1, 2, { resume_window_ms: 60_000 });
    const messages: string[] = [];
    const sdk = (n: number): RelayClient =>
      new RelayClient({
        url: () => nodes.process(0).socketUrl,
        credential: pairOf(session, n),
        on: { message: ({ payload }) => messages.push(Buffer.from(payload).toString()) },
      });
    const [a, b] = [sdk(0), sdk(1)];
    try {
      await Promise.all([a.connect(), b.connect()]);
      await a.send('at the first home', { class: 'reliable', ack: true });
      await eventually(() => (messages.includes('at the first home') ? null : 'it is on its way'));
      const index = a.me?.index;
      const opened = { a: 0, b: 0 };
      a.on('open', () => (opened.a += 1));
      b.on('open', () => (opened.b += 1));

      nodes.process(1).child.kill('SIGKILL');
      await eventually(() => (opened.a + opened.b === 2 ? null : 'they are not back'));
      await a.send('at the second home', { class: 'reliable', ack: true });
      await eventually(() => (messages.includes('at the second home') ? null : 'it is on its way'));
      expect(a.me?.index).toBe(index);
      expect(messages).toEqual(['at the first home', 'at the second home']);
    } finally {
      await Promise.all([a.stop(), b.stop()]);
    }
  });
});
