/** Streams of events whose node dies. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventStreamReader } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { Nodes } from '../support/nodes.js';

const SESSIONS = 4;
const CHANGES = 150;

describe('a stream whose node is killed', () => {
  let nodes: Nodes;

  beforeAll(async () => {
    nodes = await Nodes.start(2, { SALLYPORT_LEASE_MS: '1000' });
  });

  afterAll(() => nodes.stop());

  it('EL17 goes on at another node with Last-Event-ID: nothing is missed, nothing comes twice', async () => {
    const backend = nodes.at(1);
    const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => backend.createSession(1)));
    const path = '/v1/events?types=session.updated';
    const first = await EventStreamReader.open(nodes.process(0).url, path);
    const change = async (n: number): Promise<void> => {
      const { session_id } = sessions[n % SESSIONS] ?? { session_id: '' };
      const answer = await backend.native('PATCH', `/v1/relays/sessions/${session_id}`, { max_users: 10 + n });
      expect(answer.status).toBe(200);
    };
    for (let n = 0; n < CHANGES; n += 1) {
      await change(n);
      if (n === CHANGES / 3) await first.until(5);
      // The dead node owned half of the partitions; their events come when its lease has run out.
      if (n === CHANGES / 2) {
        nodes.leave(0);
        await nodes.process(0).stop('SIGKILL');
      }
    }
    await eventually(() => (first.closed === null ? 'the stream is open' : null));
    const second = await EventStreamReader.open(nodes.process(1).url, path, { lastEventId: first.lastId });
    // The control: a reader that does not say how far it was.
    const forgetful = await EventStreamReader.open(nodes.process(1).url, `${path}&after=newest`);
    await second.until(CHANGES - first.events.length);
    const all = [...first.events, ...second.events].map(({ data }) => data as Change);
    for (const [at, { session_id }] of sessions.entries()) {
      const seen = all.filter((event) => event.session_id === session_id).map(({ data }) => data.max_users);
      const made = Array.from({ length: CHANGES }, (_, n) => n).filter((n) => n % SESSIONS === at);
      expect(seen).toEqual(made.map((n) => 10 + n));
    }
    expect(new Set(all.map(({ id }) => id)).size).toBe(CHANGES);
    expect(forgetful.events.length).toBeLessThan(second.events.length);
    for (const reader of [second, forgetful]) reader.leave();
  });
});

interface Change {
  readonly id: string;
  readonly session_id: string;
  readonly data: { readonly max_users: number };
}
