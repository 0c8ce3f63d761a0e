import { describe, expect, test } from 'vitest';
import { EVENT_KEPT_MS, MAX_SESSION_EVENTS, SESSION_EVENTS_KEPT_MS } from '../../../src/ports/event-log.js';
import type { OpenStore } from '../../support/stores.js';
import {
  ALL,
  DEPLOYMENT,
  dispatch,
  entriesOf,
  idsOf,
  logged,
  OF_ACME,
  OF_OTHER,
  sessionEvents,
} from './event-fixtures.js';
import * as f from './fixtures.js';
import { openSession } from './identity-fixtures.js';

export function eventLogRules(open: OpenStore): void {
  describe('event logs', () => {
    const on = f.useStore(open);
    const log = () => on.all.store.events;

    test('EV19 events of a session are numbered from 1 without gaps, whatever happens at once', async () => {
      const [one, two] = [f.newSession({ maxUsers: 100 }), f.newSession({ maxUsers: 100 })];
      await Promise.all([on.relay.create(one, []), on.relay.create(two, [])]);
      await Promise.all([one, two].flatMap(({ id }) => Array.from({ length: 50 }, () => f.joinMinted(on.relay, id))));
      for (const { id } of [one, two]) {
        const events = await sessionEvents(on.all.store, id);
        expect(events).toHaveLength(52);
        expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, at) => at + 1));
        expect(events.every(({ sessionId, projectId }) => sessionId === id && projectId === f.ACME)).toBe(true);
        expect(new Set(idsOf(events)).size).toBe(52);
      }
    });

    test('EV20 the log of a session is read page by page, at once, within its project', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      for (let at = 0; at < 4; at += 1) await on.relay.update(session.id, 'all', { locked: true });
      const pages = [];
      for (const after of [0, 2, 4, 5]) pages.push(await log().ofSession(session.id, f.ACME, after, 2));
      const positions = pages.map((page) => entriesOf(page).map(({ position }) => position));
      expect(positions).toEqual([[1, 2], [3, 4], [5], []]);
      expect(pages.every((page) => page?.newest === 5)).toBe(true);
      expect(entriesOf(f.sure(pages[0])).map(({ event }) => event.sequence)).toEqual([1, 2]);
      expect(await log().ofSession(session.id, f.OTHER, 0, 2)).toBeNull();
      expect(await log().ofSession(f.sessionId(), 'all', 0, 2)).toBeNull();
    });

    test.each(['ended', 'expired'])('EV20 it can be read for an hour after the session has %s', async (how) => {
      const session = f.newSession({ ttlMs: 60_000 });
      await on.relay.create(session, []);
      if (how === 'ended') await on.relay.end(session.id, 'all');
      else {
        on.clock.advance(60_000);
        await on.relay.sweepExpired(10);
      }
      on.clock.advance(SESSION_EVENTS_KEPT_MS - 1);
      const events = await sessionEvents(on.all.store, session.id);
      expect(events.map(({ facts }) => facts.type)).toEqual(['session.ready', 'session.ended']);
      expect(await log().ofSession(session.id, f.OTHER, 0, 10)).toBeNull();
      on.clock.advance(2);
      expect(await log().ofSession(session.id, 'all', 0, 10)).toBeNull();
    });

    test('EV21 a project, the deployment and all have logs of their own, without gaps, in the order of each session', async () => {
      const { store } = on.all;
      const mine = [f.newSession(), f.newSession()];
      const theirs = f.newSession({ projectId: f.OTHER });
      for (const session of [...mine, theirs]) await on.relay.create(session, []);
      for (const { id } of mine) await f.joinMinted(on.relay, id);
      await openSession(store.userSessions);
      await store.events.append({ type: 'node.joined', nodeId: f.HERE });
      await dispatch(store);
      const [all, deployment, acme, other] = [
        await logged(store, ALL),
        await logged(store, DEPLOYMENT),
        await logged(store, OF_ACME),
        await logged(store, OF_OTHER),
      ];
      expect(deployment.map(({ facts }) => facts.type).sort()).toEqual(['node.joined', 'user_session.created']);
      for (const { id } of mine) {
        const own = await sessionEvents(store, id);
        for (const events of [all, acme]) expect(events.filter(({ sessionId }) => sessionId === id)).toEqual(own);
      }
      expect(other).toEqual(await sessionEvents(store, theirs.id));
      expect(idsOf(all).slice().sort()).toEqual(
        idsOf([...deployment, ...acme, ...other])
          .slice()
          .sort(),
      );
      for (const [name, events] of [
        [ALL, all],
        [DEPLOYMENT, deployment],
        [OF_ACME, acme],
      ] as const) {
        const entries = entriesOf(await store.events.of(name, 0, 100));
        expect(entries.map(({ position }) => position)).toEqual(events.map((_, at) => at + 1));
        const page = await store.events.of(name, 1, 1);
        expect(page).toEqual({ outcome: 'read', entries: entries.slice(1, 2), newest: events.length });
      }
      const newest = await store.events.newest([
        OF_OTHER,
        { of: 'project', projectId: f.project('none') },
        ALL,
        DEPLOYMENT,
      ]);
      expect(newest).toEqual([1, 0, all.length, 2]);
    });

    test('EV21 a log without events is empty', async () => {
      for (const name of [ALL, DEPLOYMENT, OF_ACME]) {
        expect(await log().of(name, 0, 10)).toEqual({ outcome: 'read', entries: [], newest: 0 });
      }
    });

    test('EV22 a cursor beyond the newest position is lost', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      await dispatch(on.all.store);
      expect(await log().ofSession(session.id, 'all', 1, 10)).toMatchObject({ outcome: 'read' });
      expect(await log().ofSession(session.id, 'all', 2, 10)).toEqual({ outcome: 'cursor_lost', oldest: 1, newest: 1 });
      expect(await log().of(OF_ACME, 1, 10)).toMatchObject({ outcome: 'read' });
      expect(await log().of(OF_ACME, 2, 10)).toEqual({ outcome: 'cursor_lost', oldest: 1, newest: 1 });
      expect(await log().of(OF_OTHER, 1, 10)).toMatchObject({ outcome: 'cursor_lost', newest: 0 });
    });

    test('EV22 a session keeps its newest 1,000 events; a cursor before them is lost', async () => {
      const session = f.newSession();
      const { id } = session;
      await on.relay.create(session, []);
      const more = Array.from({ length: MAX_SESSION_EVENTS + 4 }, () => on.relay.update(id, 'all', { locked: true }));
      await Promise.all(more);
      const newest = MAX_SESSION_EVENTS + 5;
      expect(await log().ofSession(id, 'all', 4, 10)).toEqual({ outcome: 'cursor_lost', oldest: 6, newest });
      const page = await log().ofSession(id, 'all', 5, 2000);
      const entries = entriesOf(page);
      expect(entries).toHaveLength(MAX_SESSION_EVENTS);
      expect(entries[0]).toMatchObject({ position: 6, event: { sequence: 6 } });
      expect(entries.at(-1)).toMatchObject({ position: newest, event: { sequence: newest } });
    });

    test('EV22 an event is kept for a day; a cursor before it is lost then, and the numbers go on', async () => {
      const session = f.newSession({ ttlMs: 3 * EVENT_KEPT_MS });
      await on.relay.create(session, []);
      await dispatch(on.all.store);
      on.clock.advance(EVENT_KEPT_MS - 1_000);
      await on.relay.update(session.id, 'all', { locked: true });
      await dispatch(on.all.store);
      expect(await sessionEvents(on.all.store, session.id)).toHaveLength(2);
      expect(await logged(on.all.store, OF_ACME)).toHaveLength(2);
      on.clock.advance(2_000);
      await on.relay.update(session.id, 'all', { locked: true });
      await dispatch(on.all.store);
      const lost = { outcome: 'cursor_lost', oldest: 2, newest: 3 };
      expect(await log().ofSession(session.id, 'all', 0, 10)).toEqual(lost);
      expect(await log().of(OF_ACME, 0, 10)).toEqual(lost);
      for (const page of [await log().ofSession(session.id, 'all', 1, 10), await log().of(OF_ACME, 1, 10)]) {
        expect(entriesOf(page).map(({ position }) => position)).toEqual([2, 3]);
      }
    });
  });
}
