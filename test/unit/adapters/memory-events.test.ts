import { expect, test } from 'vitest';
import { MemoryEventFeed } from '../../../src/adapters/memory/event-feed.js';
import { MemoryEventLog } from '../../../src/adapters/memory/event-log.js';
import type { EventFacts } from '../../../src/ports/event.js';
import { MAX_FEED_EVENTS } from '../../../src/ports/event-feed.js';
import { EVENT_KEPT_MS, MAX_LOG_EVENTS } from '../../../src/ports/event-log.js';
import { ALL, DEPLOYMENT, entriesOf, OF_ACME } from '../../contract/suites/event-fixtures.js';
import * as f from '../../contract/suites/fixtures.js';
import { ManualClock } from '../../support/manual-clock.js';

/** The bytes that the budget counts for an event of a member. */
const EVENT_BYTES = 400;

function stage(mostBytes?: number) {
  const clock = new ManualClock();
  const feed = new MemoryEventFeed(clock);
  return { clock, feed, log: new MemoryEventLog(clock, feed, mostBytes) };
}

const session = (projectId = f.ACME) => ({ id: f.sessionId(), projectId });
const left = (): EventFacts => ({ type: 'member.left', why: 'left', userId: f.userId('ann'), index: f.index(0) });
const events = (count: number): EventFacts[] => Array.from({ length: count }, left);
const NODE: EventFacts = { type: 'node.joined', nodeId: f.HERE };

test('EV27 when all events together need too much memory, the oldest leave every log and the feed', async () => {
  const { log, feed } = stage(10 * EVENT_BYTES);
  const [one, two] = [session(), session()];
  log.write(NODE);
  log.writeOf(one, events(6));
  log.writeOf(two, events(6));
  const positions = async (of: typeof ALL) => entriesOf(await log.of(of, 3, 100)).map(({ position }) => position);
  expect(await log.ofSession(one.id, 'all', 0, 10)).toEqual({ outcome: 'cursor_lost', oldest: 3, newest: 6 });
  expect(entriesOf(await log.ofSession(one.id, 'all', 2, 10))).toHaveLength(4);
  expect(entriesOf(await log.ofSession(two.id, 'all', 0, 10))).toHaveLength(6);
  expect(await log.of(ALL, 2, 10)).toEqual({ outcome: 'cursor_lost', oldest: 4, newest: 13 });
  expect(await positions(ALL)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
  expect(await log.of(OF_ACME, 1, 10)).toMatchObject({ outcome: 'cursor_lost', oldest: 3, newest: 12 });
  expect(await log.of(DEPLOYMENT, 0, 10)).toEqual({ outcome: 'cursor_lost', oldest: 2, newest: 1 });
  const { entries, dropped } = await feed.read(0, 100);
  expect(dropped).toBe(3);
  expect(entries.map(({ position }) => position)).toEqual(['4', '5', '6', '7', '8', '9', '10', '11', '12', '13']);
});

test('EV27 a session that is shown with its seats needs more memory', async () => {
  const { log } = stage(10 * EVENT_BYTES);
  const shown = { session: { metadata: 'x'.repeat(400), filters: [], group: null }, seats: [] };
  const big = { type: 'session.updated', session: shown } as unknown as EventFacts;
  const one = session();
  log.writeOf(one, [...events(6), big]);
  expect(await log.ofSession(one.id, 'all', 0, 10)).toMatchObject({ outcome: 'cursor_lost', oldest: 4, newest: 7 });
});

test('EV27 the log of an ended session is forgotten with its last event, that of a live one is not', async () => {
  const { log } = stage(10 * EVENT_BYTES);
  const [ended, live] = [session(), session()];
  log.writeOf(ended, events(3));
  log.writeOf(live, events(3));
  log.endOf(ended.id);
  log.writeOf(session(), events(4));
  expect(await log.ofSession(ended.id, 'all', 0, 10)).toMatchObject({ outcome: 'read', newest: 3 });
  log.writeOf(session(), events(6));
  expect(await log.ofSession(ended.id, 'all', 0, 10)).toBeNull();
  expect(await log.ofSession(live.id, 'all', 3, 10)).toEqual({ outcome: 'read', entries: [], newest: 3 });
});

test('EV27 what is a day old leaves all logs when another event is written', async () => {
  const { clock, log, feed } = stage();
  const one = session();
  log.writeOf(one, events(3));
  log.endOf(one.id);
  clock.advance(EVENT_KEPT_MS);
  log.write(NODE);
  expect(await feed.read(0, 10)).toMatchObject({ entries: [{ position: '4' }], dropped: 3 });
});

test('EV22, EV26 a project, all, and the feed hold 100,000 events', async () => {
  const { log, feed } = stage();
  for (let at = 0; at < 101; at += 1) log.writeOf(session(), events(1_000));
  const newest = 101_000;
  const lost = { outcome: 'cursor_lost', oldest: newest - MAX_LOG_EVENTS + 1, newest };
  for (const name of [ALL, OF_ACME]) {
    expect(await log.of(name, newest - MAX_LOG_EVENTS - 1, 10)).toEqual(lost);
    expect(entriesOf(await log.of(name, newest - MAX_LOG_EVENTS, 200_000))).toHaveLength(MAX_LOG_EVENTS);
  }
  const { entries, dropped } = await feed.read(0, 200_000);
  expect(entries).toHaveLength(MAX_FEED_EVENTS);
  expect(dropped).toBe(1_000);
});
