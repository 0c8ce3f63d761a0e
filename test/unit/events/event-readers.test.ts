import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../../src/adapters/memory/memory-store.js';
import { EventReaders } from '../../../src/events/event-readers.js';
import type { EventSource } from '../../../src/events/event-source.js';
import { emptyTallies } from '../../../src/ports/metrics.js';
import { Failure } from '../../../src/protocol/failure.js';
import { eventOf, NODE, PROJECT, ScriptedLog, SESSION, SlowClient } from '../../support/event-source.js';
import { eventually } from '../../support/eventually.js';
import { ManualClock } from '../../support/manual-clock.js';

const OF_SESSION: EventSource = { of: 'session', sessionId: SESSION, scope: PROJECT };
const OF_LOGS: EventSource = { of: 'logs', logs: [{ of: 'project', projectId: PROJECT }, { of: 'deployment' }] };
const NODE_JOINED = { type: 'node.joined', nodeId: NODE } as const;
const HOST = { type: 'host.changed', index: null, userId: null, term: 1 } as const;

function stage(bounds = { waiting: 10, streams: 10 }) {
  const log = new ScriptedLog();
  const clock = new ManualClock();
  const tallies = emptyTallies();
  const ends: unknown[] = [];
  const state = { isDraining: false, mayRead: async (): Promise<boolean> => true };
  const records = { info: (_: string, fields?: object) => void ends.push(fields), error: () => undefined };
  const readers = new EventReaders({ log, clock, records, tallies, bounds, draining: () => state.isDraining });
  const query = (source: EventSource, owner = 'a') => ({
    owner,
    query: { source, filter: null, limit: 100 },
    start: 'oldest' as const,
  });
  const poll = (source: EventSource, waitMs: number, owner = 'a') => readers.read(query(source, owner), waitMs);
  const stream = async (source: EventSource) => {
    const opened = await readers.stream(query(source), () => state.mayRead());
    const client = new SlowClient();
    return { opened, client, events: opened.open(client) };
  };
  /** An event of a session reaches its log, and then the project's. */
  const happen = (): void => {
    const event = eventOf(HOST, log.events.session.length + 1);
    log.events.session.push(event);
    log.events.project.push(event);
  };
  /** Moves time and lets the store answer, in steps. */
  const pass = async (ms: number, stepMs = 100): Promise<void> => {
    for (let passed = 0; passed < ms; passed += stepMs) {
      clock.advance(Math.min(stepMs, ms - passed));
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { log, clock, tallies, ends, state, readers, poll, stream, happen, pass };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('long polls', () => {
  it('EL7 any number of waiting readers costs the store one call in 100 ms, and none when nobody waits', async () => {
    const { log, poll, pass, happen, clock, readers } = stage({ waiting: 200, streams: 0 });
    const polls = Array.from({ length: 50 }, (_, n) => poll(n % 2 === 0 ? OF_SESSION : OF_LOGS, 20_000));
    await pass(2000);
    expect(log.asked.newest).toBeGreaterThan(15);
    expect(log.asked.newest).toBeLessThanOrEqual(20);
    const before = { ...log.asked };
    happen();
    await pass(200);
    for (const { events } of await Promise.all(polls)) expect(events).toHaveLength(1);
    // One call reads what is new, and each reader reads once.
    expect(log.asked.of + log.asked.ofSession - before.of - before.ofSession).toBeLessThanOrEqual(1 + 25 + 2 * 25);
    expect([readers.waitingReaders, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('EL12 a reader beyond the bound is refused by name, and a place is free when a reader leaves', async () => {
    const { readers, poll, pass, tallies } = stage({ waiting: 1, streams: 1 });
    const over: (() => void)[] = [];
    const asked = { owner: 'a', query: { source: OF_SESSION, filter: null, limit: 1 }, start: 'oldest' } as const;
    const first = readers.read(asked, 20_000, { extend: () => undefined, onOver: (run) => over.push(run) });
    await settled();
    await expect(poll(OF_SESSION, 1000)).rejects.toMatchObject({ code: 'too_many_event_readers', retryAfterS: 5 });
    expect(tallies.eventReadersRefused).toBe(1);
    for (const run of over) run();
    expect((await first).events).toEqual([]);
    const second = poll(OF_SESSION, 1000);
    await pass(1100);
    expect((await second).events).toEqual([]);
  });

  it('EL12 no project takes more than half of the places', async () => {
    const { poll, pass } = stage({ waiting: 4, streams: 0 });
    const polls = ['a', 'a', 'b', 'c'].map((owner) => poll(OF_SESSION, 1000, owner));
    await settled();
    const third = poll(OF_SESSION, 1000, 'a').catch((error: unknown) => error);
    await pass(1100);
    expect(await third).toMatchObject({ code: 'too_many_event_readers' });
    for (const { events } of await Promise.all(polls)) expect(events).toEqual([]);
    const again = poll(OF_SESSION, 100, 'a');
    await pass(200);
    expect((await again).events).toEqual([]);
  });

  it('EL13 a store that fails is asked less often, and the readers get store_unavailable within their bound', async () => {
    const { log, poll, pass } = stage();
    const polled = poll(OF_SESSION, 10_000).catch((error: unknown) => error);
    await pass(500);
    log.isDown = true;
    const before = log.asked.newest;
    await pass(9_700);
    expect(Failure.is(await polled, 'store_unavailable')).toBe(true);
    expect(log.asked.newest - before).toBeLessThan(12);
  });

  it('EL13 the readers go on when the store answers again', async () => {
    const { log, poll, pass, happen } = stage();
    const polled = poll(OF_SESSION, 20_000);
    await pass(500);
    log.isDown = true;
    await pass(3000);
    log.isDown = false;
    happen();
    await pass(2500);
    expect((await polled).events).toHaveLength(1);
  });

  it('EL14 a node that shuts down answers them at once', async () => {
    const { poll, pass, state } = stage();
    const polled = poll(OF_LOGS, 20_000);
    await pass(500);
    state.isDraining = true;
    await pass(200);
    expect((await polled).events).toEqual([]);
    await expect(poll(OF_LOGS, 20_000)).rejects.toMatchObject({ code: 'draining', retryAfterS: 1 });
    expect((await poll(OF_LOGS, 0)).events).toEqual([]);
  });
});

describe('streams', () => {
  it('EL11 what waits for a client that does not read is bounded, and it is cut off after 30 s', async () => {
    const { log, stream, pass, tallies, ends, readers } = stage();
    const facts = { type: 'user.revoked', userId: 'u'.repeat(100) } as never;
    for (let n = 1; n <= 5000; n += 1) log.events.session.push(eventOf(facts, n));
    const { client } = await stream(OF_SESSION);
    client.readsNothing = true;
    await pass(1000);
    expect(client.text.length).toBeLessThan(32 * 1024);
    await pass(30_000, 1000);
    expect(client.ended).toBe('cut');
    expect([tallies.eventStreamsCut, readers.openStreams, ends]).toEqual([1, 0, [{ why: 'slow_reader' }]]);
  });

  it('EL11 a client that reads again gets every event once, in order', async () => {
    const { log, stream, pass } = stage();
    for (let n = 1; n <= 2000; n += 1) log.events.session.push(eventOf(HOST, n));
    const { client, events } = await stream(OF_SESSION);
    for (let turn = 0; turn < 200; turn += 1) {
      client.readsNothing = turn % 3 !== 0;
      await pass(100);
      events.onDrain();
    }
    const ids = [...client.text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    expect(ids).toEqual(Array.from({ length: 2000 }, (_, at) => at + 1));
  });

  it('EL8 a comment keeps proxies awake every 15 s, and names how far the stream has looked', async () => {
    const { stream, pass, happen } = stage();
    const { client } = await stream(OF_SESSION);
    happen();
    await pass(46_000, 1000);
    expect(client.text.match(/^: awake$/gm)).toHaveLength(3);
    expect(client.text.match(/^id: 1$/gm)).toHaveLength(1);
  });

  it('EL14 a stream ends after 30 minutes, on shutdown and with its key; a store that fails ends none', async () => {
    const { stream, pass, state, ends, readers } = stage();
    await stream(OF_SESSION);
    state.mayRead = () => Promise.reject(new Failure('store_unavailable'));
    await pass(60_000, 1000);
    expect(readers.openStreams).toBe(1);
    state.mayRead = () => Promise.resolve(true);
    await pass(30 * 60_000, 1000);
    const second = await stream(OF_SESSION);
    state.mayRead = () => Promise.resolve(false);
    await pass(6_000, 1000);
    state.mayRead = () => Promise.resolve(true);
    const third = await stream(OF_LOGS);
    await pass(200);
    state.isDraining = true;
    await pass(200);
    expect(ends).toEqual([{ why: 'too_old' }, { why: 'key_removed' }, { why: 'draining' }]);
    expect([second.client.ended, third.client.ended]).toEqual(['end', 'end']);
    await expect(stream(OF_LOGS)).rejects.toMatchObject({ code: 'draining' });
    expect(readers.openStreams).toBe(0);
  });

  it('EL12 a stream beyond the bound is refused by name; one that is left or never read gives its place back', async () => {
    const { stream, readers, clock } = stage({ waiting: 0, streams: 1 });
    const { events } = await stream(OF_SESSION);
    await expect(stream(OF_SESSION)).rejects.toMatchObject({ code: 'too_many_event_readers' });
    events.onGone();
    (
      await readers.stream(
        { owner: 'a', query: { source: OF_LOGS, filter: null, limit: 1 }, start: 'newest' },
        async () => true,
      )
    ).drop();
    await settled();
    expect([readers.openStreams, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('EL13 a stream waits while the store fails, and goes on where it was', async () => {
    const { log, stream, pass, happen } = stage();
    const { client } = await stream(OF_SESSION);
    happen();
    await pass(300);
    log.isDown = true;
    happen();
    await pass(10_000);
    log.isDown = false;
    await pass(4000);
    await eventually(() => (client.text.includes('id: 2\n') ? null : client.text));
    expect(client.text.match(/^event: /gm)).toHaveLength(2);
    expect(client.ended).toBeNull();
  });
});

describe('two logs', () => {
  it('EL5 are merged by time, each in its own order, also where a page ends', async () => {
    const { log, readers } = stage();
    for (let n = 1; n <= 30; n += 1) {
      log.events.project.push(eventOf(HOST, n, 10 * n));
      log.events.deployment.push(eventOf(NODE_JOINED, n, n <= 15 ? 5 : 10 * n + 5));
    }
    for (const limit of [1, 2, 7, 100]) {
      const ids: string[] = [];
      const times: number[] = [];
      for (let after: readonly number[] = [0, 0]; ;) {
        const page = await readers.read(
          { owner: 'a', query: { source: OF_LOGS, filter: null, limit }, start: after },
          0,
        );
        expect(page.events.length).toBeLessThanOrEqual(limit);
        for (const { view } of page.events) {
          ids.push(view.id);
          times.push(view.created_at);
        }
        if (page.cursor.join() === after.join()) break;
        after = page.cursor;
      }
      expect(new Set(ids).size).toBe(60);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }
  });
});

it('EL3 an event is there for 24 hours; then its cursor is lost, and reading from the oldest goes on', async () => {
  const clock = new ManualClock();
  const store = createMemoryStore({ clock });
  const records = { info: () => undefined, error: () => undefined };
  const { events: log } = store;
  const readers = new EventReaders({ log, clock, records, tallies: emptyTallies(), draining: () => false });
  const query = { source: { of: 'logs', logs: [{ of: 'deployment' }] }, filter: null, limit: 10 } as const;
  await log.append(NODE_JOINED);
  clock.advance(23 * 3_600_000);
  await log.append({ type: 'node.lost', nodeId: NODE });
  expect((await readers.read({ owner: 'a', query, start: [0] }, 0)).events).toHaveLength(2);
  clock.advance(3_600_001);
  await expect(readers.read({ owner: 'a', query, start: [0] }, 0)).rejects.toMatchObject({
    code: 'event_cursor_lost',
    details: { after: '1' },
  });
  for (const start of ['oldest', [1]] as const) {
    const { events } = await readers.read({ owner: 'a', query, start }, 0);
    expect(events.map(({ view }) => [view.type, view.sequence])).toEqual([['node.lost', 2]]);
  }
  clock.advance(24 * 3_600_000);
  expect((await readers.read({ owner: 'a', query, start: 'oldest' }, 0)).events).toEqual([]);
});
