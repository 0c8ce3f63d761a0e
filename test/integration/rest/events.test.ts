/** Reading events: pages, long polls and streams, black box. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, pairOf } from '../../support/backend.js';
import { Client } from '../../support/client.js';
import { eventOf, ScriptedLog, SESSION } from '../../support/event-source.js';
import { STORES } from '../../support/both-stores.js';
import { EventStreamReader } from '../../support/event-stream.js';
import { eventually } from '../../support/eventually.js';
import { httpCall } from '../../support/http-call.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';
import { wrapStore } from '../../support/wrap-store.js';

const KINDS = [
  ...STORES.map(({ store, redisUrl }) => ({ kind: `the ${store} store`, redisUrl, env: {} })),
  { kind: 'the engine ws', redisUrl: () => null, env: { SALLYPORT_ENGINE: 'ws' } },
] as const;

interface Event {
  readonly id: string;
  readonly type: string;
  readonly sequence: number;
  readonly session_id?: string;
  readonly session_sequence?: number;
  readonly created_at: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- parsed JSON of a black box
  readonly data: any;
}

interface Page {
  readonly events: readonly Event[];
  readonly next_after: string;
}

describe.each(KINDS)('events over REST, on $kind', ({ kind, redisUrl, env }) => {
  /** A test of something that the store does not change runs once on each engine. */
  const isOtherStore = kind === 'the redis store';
  let running: RunningGateway;
  let root: Backend;

  beforeAll(async () => {
    running = await startGateway({ redisUrl: redisUrl(), env });
    root = new Backend(running.url);
  });

  afterAll(() => running.stop());

  async function keyWith(...scopes: readonly string[]): Promise<Backend> {
    const { body } = await root.native('POST', '/v1/keys', { name: 'k', scopes, project_id: 'mine' });
    return new Backend(running.url, (body as { secret: string }).secret);
  }

  async function read(backend: Backend, path: string): Promise<Page> {
    const { status, body } = await backend.native('GET', path);
    expect(status, JSON.stringify(body)).toBe(200);
    return body as Page;
  }

  /** The logs of projects and of the deployment get their events a moment later than those of sessions. */
  async function readWhenQuiet(backend: Backend): Promise<Page> {
    let last = await read(backend, '/v1/events?limit=1000');
    await eventually(
      async () => {
        const before = last.next_after;
        last = await read(backend, '/v1/events?limit=1000');
        return last.next_after === before ? null : 'events come';
      },
      10_000,
      200,
    );
    return last;
  }

  const eventsOf = (id: string, query = ''): string => `/v1/relays/sessions/${id}/events${query}`;
  const types = ({ events }: Page): readonly string[] => events.map(({ type }) => type);

  it('EL1 a session tells what happened to it, in order and numbered without gaps, also after its end', async () => {
    const backend = await keyWith('relays');
    const session = await backend.createSession(2, { max_users: 4, metadata: { map: 'dust' } });
    const client = await Client.join(running.socketUrl, pairOf(session));
    await backend.native('PATCH', `/v1/relays/sessions/${session.session_id}`, { locked: true });
    await backend.relays('DELETE', `/v1/relays/sessions/${session.session_id}`);
    const page = await read(backend, eventsOf(session.session_id));
    expect(page.events.map(({ sequence }) => sequence)).toEqual(page.events.map((_, at) => at + 1));
    expect(types(page)[0]).toBe('session.ready');
    expect(types(page)).toEqual(expect.arrayContaining(['member.joined', 'host.changed', 'session.updated']));
    expect(types(page).at(-1)).toBe('session.ended');
    const ended = page.events.at(-1);
    expect(ended).toMatchObject({ session_id: session.session_id, data: { why: 'ended', max_users: 4, locked: true } });
    expect(page.next_after).toBe(String(page.events.length));
    expect((await read(backend, eventsOf(session.session_id, `?after=${page.next_after}`))).events).toEqual([]);
    expect(types(await read(backend, eventsOf(session.session_id, '?after=1&limit=1')))).toEqual([types(page)[1]]);
    expect((await client.expectClosed()).code).toBe(4000);
  });

  it('EL2 a read is refused by name: an unknown session or another project, a malformed cursor, type, limit or wait', async () => {
    const [mine, other] = [await keyWith('relays'), new Backend(running.url, await otherProjectKey())];
    const { session_id } = await mine.createSession(1);
    const expectRefusal = async (backend: Backend, path: string, status: number, code: string): Promise<void> => {
      const answer = await backend.native('GET', path);
      expect([path, answer.status, answer.body]).toEqual([path, status, expect.objectContaining({ code })]);
    };
    await expectRefusal(other, eventsOf(session_id), 404, 'session_not_found');
    await expectRefusal(mine, eventsOf('000000000000-S'), 404, 'session_not_found');
    await expectRefusal(mine, eventsOf('x'), 404, 'session_not_found');
    await expectRefusal(await keyWith('sessions'), eventsOf(session_id), 403, 'scope_missing');
    for (const query of [
      'after=x',
      'after=-1',
      'after=1.1',
      'types=member.jumped',
      'types=nobody.*',
      'types=',
      'limit=0',
    ])
      await expectRefusal(mine, eventsOf(session_id, `?${query}`), 400, 'invalid_request');
    for (const query of ['limit=1001', 'wait_s=31', 'wait_s=x', 'after=01'])
      await expectRefusal(mine, `/v1/events?${query}`, 400, 'invalid_request');
    const { body } = await mine.native('GET', '/v1/events?types=member.jumped');
    expect((body as { message: string }).message).toContain('member.jumped');
  });

  it('EL3 a cursor ahead of the log is 410 event_cursor_lost, and its message names a cursor that reads on', async () => {
    const backend = await keyWith('relays');
    const { session_id } = await backend.createSession(1);
    const answer = await backend.native('GET', eventsOf(session_id, '?after=999'));
    expect(answer.status).toBe(410);
    const { code, message, details } = answer.body as { code: string; message: string; details: { after: string } };
    expect(code).toBe('event_cursor_lost');
    expect(message).toContain(`after=${details.after}`);
    expect(types(await read(backend, eventsOf(session_id, `?after=${details.after}`)))).toContain('session.ready');
    const stream = await EventStreamReader.open(running.url, eventsOf(session_id), {
      key: backend.key,
      lastEventId: '999',
    });
    expect(stream.status).toBe(410);
  });

  it('EL4 a key reads the events of its project, and those of the deployment by its scopes; the root key reads all', async () => {
    const [mine, other] = [await keyWith('relays'), new Backend(running.url, await otherProjectKey())];
    const [own, foreign] = [await mine.createSession(1), await other.createSession(1)];
    const { body: user } = await root.native('POST', '/v1/users', { username: `u${String(Date.now())}` });
    await root.native('POST', '/v1/sessions', { user_id: (user as { id: string }).id });
    const ids = ({ events }: Page): readonly (string | undefined)[] => events.map(({ session_id }) => session_id);
    const all = readWhenQuiet;
    const [ofMine, ofOther, ofRoot] = [await all(mine), await all(other), await all(root)];
    expect(ids(ofMine)).toContain(own.session_id);
    expect(ids(ofMine)).not.toContain(foreign.session_id);
    expect(types(ofMine)).not.toContain('user_session.created');
    expect(ids(ofOther)).toContain(foreign.session_id);
    expect(ids(ofOther)).not.toContain(own.session_id);
    expect(ids(ofRoot)).toEqual(expect.arrayContaining([own.session_id, foreign.session_id]));
    expect(types(ofRoot)).toContain('user_session.created');
    const ofSessions = await all(await keyWith('sessions'));
    expect(types(ofSessions)).toContain('user_session.created');
    expect(ids(ofSessions).filter((id) => id !== undefined)).toEqual([]);
    const merged = await all(await keyWith('relays', 'sessions'));
    expect(types(merged)).toContain('user_session.created');
    expect(ids(merged)).toContain(own.session_id);
    expect(merged.next_after).toMatch(/^\d+\.\d+$/);
    const times = merged.events.map(({ created_at }) => created_at);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('EL5 pages of any size give every event of two merged logs once, with the number of its log and of its session', async () => {
    const backend = await keyWith('relays', 'auth');
    const whole = await readWhenQuiet(backend);
    for (const limit of [1, 3]) {
      const found: Event[] = [];
      for (let after = '0'; ;) {
        const page = await read(backend, `/v1/events?limit=${String(limit)}&after=${after}`);
        found.push(...page.events);
        if (page.next_after === after) break;
        after = page.next_after;
      }
      expect(found).toEqual(whole.events);
    }
    const ofProject = whole.events.filter(({ session_id }) => session_id !== undefined);
    expect(ofProject.map(({ sequence }) => sequence)).toEqual(ofProject.map((_, at) => at + 1));
    const [first] = ofProject;
    const inSession = await read(backend, eventsOf(first?.session_id ?? ''));
    expect(inSession.events[0]?.sequence).toBe(first?.session_sequence);
    expect(inSession.events[0]?.id).toBe(first?.id);
  });

  it('EL6 types and families filter; a page that leaves everything out still moves next_after', async () => {
    const backend = await keyWith('relays');
    const { session_id } = await backend.createSession(1);
    for (const max_users of [5, 6, 7])
      await backend.native('PATCH', `/v1/relays/sessions/${session_id}`, { max_users });
    expect(new Set(types(await read(backend, eventsOf(session_id, '?types=session.updated'))))).toEqual(
      new Set(['session.updated']),
    );
    const two = await read(backend, eventsOf(session_id, '?types=session.*,node.lost&limit=2'));
    expect(two.events).toHaveLength(2);
    const none = await read(backend, eventsOf(session_id, '?types=member.*'));
    const { events } = await read(backend, eventsOf(session_id));
    expect(none).toEqual({ events: [], next_after: String(events.length) });
  });

  it('EL7 a long poll wakes for the first event that passes, within its bound, and otherwise answers empty in time', async () => {
    const backend = await keyWith('relays');
    const { session_id } = await backend.createSession(1);
    const { next_after } = await read(backend, eventsOf(session_id));
    const startedMs = performance.now();
    const waits = [
      read(backend, eventsOf(session_id, `?after=${next_after}&wait_s=20`)),
      read(backend, `/v1/events?after=newest&types=session.updated&wait_s=20`),
      read(root, eventsOf(session_id, `?after=${next_after}&wait_s=20&types=session.*`)),
    ];
    const empty = read(backend, eventsOf(session_id, `?after=${next_after}&wait_s=1&types=member.*`));
    await waiting(4);
    await backend.native('PATCH', `/v1/relays/sessions/${session_id}`, { max_users: 5 });
    const changedMs = performance.now();
    for (const page of await Promise.all(waits)) expect(types(page)).toEqual(['session.updated']);
    expect(performance.now() - changedMs).toBeLessThan(2000);
    expect((await empty).events).toEqual([]);
    expect(performance.now() - startedMs).toBeGreaterThan(900);
    await waiting(0);
  });

  if (!isOtherStore) {
    it('EL7 a long poll may last longer than the deadline of requests', async () => {
      const hasty = await startGateway({ env: { ...env, SALLYPORT_REQUEST_DEADLINE_MS: '300' } });
      try {
        const answer = await new Backend(hasty.url).native('GET', '/v1/events?after=newest&types=node.lost&wait_s=1');
        expect([answer.status, answer.body]).toEqual([200, { events: [], next_after: expect.any(String) as string }]);
      } finally {
        await hasty.stop();
      }
    });
  }

  it('EL8 a stream sends what was and what comes, and a client that connects again misses and doubles nothing', async () => {
    const backend = await keyWith('relays');
    const { session_id } = await backend.createSession(1, { metadata: { big: 'x'.repeat(3000) } });
    const update = async (from: number, to: number): Promise<void> => {
      for (let n = from; n <= to; n += 1)
        await backend.native('PATCH', `/v1/relays/sessions/${session_id}`, { max_users: n });
    };
    const options = { key: backend.key };
    const first = await EventStreamReader.open(running.url, eventsOf(session_id, '?types=session.updated'), options);
    expect([first.status, first.response.headers['content-type']]).toEqual([200, 'text/event-stream']);
    await update(10, 40);
    await first.until(20);
    first.leave();
    const seen = first.events.map(({ data }) => (data as Event).data.max_users as number);
    await update(41, 60);
    const path = eventsOf(session_id, '?types=session.updated&after=0');
    const second = await EventStreamReader.open(running.url, path, { ...options, lastEventId: first.lastId });
    await second.until(51 - seen.length);
    const all = [...seen, ...second.events.map(({ data }) => (data as Event).data.max_users as number)];
    expect(all).toEqual(Array.from({ length: 51 }, (_, at) => 10 + at));
    for (const { event, id, data } of second.events) {
      expect(event).toBe('session.updated');
      expect(id).toBe(String((data as Event).sequence));
    }
    second.leave();
    await streams(0);
  });

  if (kind === 'the memory store') {
    it('EL9 a stream ends when its key is removed', async () => {
      const backend = await keyWith('relays');
      const { session_id } = await backend.createSession(1);
      const stream = await EventStreamReader.open(running.url, eventsOf(session_id), { key: backend.key });
      await stream.until(1);
      const { body } = await root.native('GET', '/v1/keys?limit=1000');
      const { keys } = body as { keys: { id: string; created_at: number }[] };
      await root.native('DELETE', `/v1/keys/${keys.at(-1)?.id ?? ''}`);
      expect(await stream.end()).toBe('end');
      expect(stream.comments.at(-1)).toBe('closed by the gateway: key_removed');
      await streams(0);
    });
  }

  it('EL10 shows the numbers of metadata as they were sent, in pages and in streams', async () => {
    const backend = await keyWith('relays');
    const metadata = '{"steam":76561198012345679,"one":1.0}';
    const { body } = await backend.relays(
      'POST',
      '/v1/relays/sessions',
      `{"users":[{"ip":"127.0.0.1"}],"metadata":${metadata}}`,
    );
    const path = eventsOf((body as { session_id: string }).session_id);
    const headers = { authorization: `Bearer ${backend.key}` };
    const page = await httpCall(running.url + path, { method: 'GET', headers });
    expect(page.text).toContain(`"metadata":${metadata}`);
    const stream = await EventStreamReader.open(running.url, path, { key: backend.key });
    await stream.until(1);
    expect(stream.events[0]?.raw).toContain(`"metadata":${metadata}`);
    stream.leave();
  });

  it('EL12 a client that leaves a long poll or a stream frees its place', async () => {
    const { session_id } = await root.createSession(1);
    const path = eventsOf(session_id, '?wait_s=30&after=newest');
    const poll = request(running.url + path, { agent: false, headers: { authorization: `Bearer ${root.key}` } });
    poll.on('error', () => undefined).end();
    const stream = await EventStreamReader.open(running.url, eventsOf(session_id));
    await Promise.all([waiting(1), streams(1)]);
    poll.destroy();
    stream.leave();
    await Promise.all([waiting(0), streams(0)]);
  });

  it('EL12 a HEAD request gets the head of the stream and takes no place', async () => {
    const { session_id } = await root.createSession(1);
    const headers = { authorization: `Bearer ${root.key}`, accept: 'text/event-stream' };
    const answer = await httpCall(running.url + eventsOf(session_id), { method: 'HEAD', headers });
    expect([answer.status, answer.headers.get('content-type'), answer.text]).toEqual([200, 'text/event-stream', '']);
    await streams(0);
  });

  async function otherProjectKey(): Promise<string> {
    const { body } = await root.native('POST', '/v1/keys', { name: 'o', scopes: ['relays'], project_id: 'another' });
    return (body as { secret: string }).secret;
  }

  function gauge(name: string, wanted: number): Promise<void> {
    return eventually(async () => {
      const { body } = await root.call('GET', '/metrics');
      const found = new RegExp(`^sallyport_${name} (\\d+)$`, 'm').exec(String(body))?.[1];
      return found === String(wanted) ? null : `${name} is ${String(found)}`;
    });
  }

  const waiting = (count: number): Promise<void> => gauge('event_readers_waiting', count);
  const streams = (count: number): Promise<void> => gauge('event_streams', count);

  if (!isOtherStore) {
    it('EL11 a client that stops reading is held in bounds, and gets the rest in order when it reads again', async () => {
      const log = new ScriptedLog();
      const facts = { type: 'user.revoked', userId: 'u'.repeat(4000) } as never;
      for (let n = 1; n <= 6000; n += 1) log.events.session.push(eventOf(facts, n));
      const wrapped = wrapStore({
        events: () => ({ ofSession: log.ofSession.bind(log), newest: log.newest.bind(log) }),
      });
      const other = await startGateway({ env, wrapStore: wrapped });
      try {
        const stream = await EventStreamReader.open(other.url, eventsOf(SESSION));
        await stream.until(1);
        stream.response.pause();
        // The buffers of the kernel take some megabytes; then nothing more is read from the log.
        let before = -1;
        await eventually(
          () => {
            const isQuiet = log.furthest === before;
            before = log.furthest;
            return isQuiet ? null : 'the stream reads on';
          },
          20_000,
          300,
        );
        expect(before).toBeLessThan(5000);
        stream.response.resume();
        await stream.until(6000);
        expect(stream.events.map(({ id }) => Number(id))).toEqual(Array.from({ length: 6000 }, (_, at) => at + 1));
        stream.leave();
      } finally {
        await other.stop();
      }
    });
  }

  it('EL14 a node that stops ends its streams and answers its long polls; reading goes on at the next node', async () => {
    const stopping = await startGateway({ redisUrl: redisUrl(), env });
    const backend = new Backend(stopping.url);
    const { session_id } = await backend.createSession(1);
    const stream = await EventStreamReader.open(stopping.url, eventsOf(session_id));
    await stream.until(1);
    const poll = backend.native('GET', eventsOf(session_id, '?after=newest&wait_s=30'));
    await eventually(async () => {
      const { body } = await backend.call('GET', '/metrics');
      return String(body).includes('sallyport_event_readers_waiting 1') ? null : 'nobody waits';
    });
    const startedMs = performance.now();
    await stopping.stop();
    expect((await poll).status).toBe(200);
    expect(await stream.end()).toBe('end');
    expect(stream.comments.at(-1)).toBe('closed by the gateway: draining');
    expect(performance.now() - startedMs).toBeLessThan(5000);
  });
});
