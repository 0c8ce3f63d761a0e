import { describe, expect, test } from 'vitest';
import type { OpenStore } from '../../support/stores.js';
import { dispatch, logged, OF_ACME, sessionEvents, told } from './event-fixtures.js';
import { eventFeedRules } from './event-feed-rules.js';
import { eventLogRules } from './event-log-rules.js';
import { eventReplayRules } from './event-replay-rules.js';
import * as f from './fixtures.js';
import { memberEventRules } from './member-event-rules.js';
import { userEventRules } from './user-event-rules.js';
import { userSessionEventRules } from './user-session-event-rules.js';

/** Everything that both engines promise about events: rules EV1 to EV25 and EV30 of docs/SPEC.md. */
export function eventRules(engine: string, open: OpenStore): void {
  describe(`the events of the ${engine} store`, () => {
    sessionEventRules(open);
    memberEventRules(open);
    userEventRules(open);
    userSessionEventRules(open);
    eventLogRules(open);
    eventFeedRules(open);
    eventReplayRules(open);
  });
}

function sessionEventRules(open: OpenStore): void {
  describe('events of relay sessions', () => {
    const on = f.useStore(open);

    test('EV1 a created session is ready, or failed without a home; the event shows it as create does', async () => {
      const [ready, failed] = [f.newSession(), f.newSession({ homeNodeId: null, error: 'no node fits' })];
      const first = await on.relay.create(ready, [f.newSeat(), f.newSeat()]);
      const second = await on.relay.create(failed, []);
      const [one, ...more] = await sessionEvents(on.all.store, ready.id);
      expect(one).toEqual({
        id: expect.stringMatching(/^evt_[A-Za-z0-9_-]{1,60}$/),
        sequence: 1,
        createdAtMs: on.clock.nowMs(),
        projectId: f.ACME,
        sessionId: ready.id,
        facts: { type: 'session.ready', session: first },
      });
      expect(more).toEqual([]);
      const [other] = await sessionEvents(on.all.store, failed.id);
      expect(other?.facts).toEqual({ type: 'session.failed', session: second });
    });

    test('EV1 a create that is refused writes nothing', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      await expect(on.relay.create(session, [])).rejects.toMatchObject({ code: 'internal' });
      const seat = f.newSeat();
      const refused = f.newSession();
      await expect(on.relay.create(refused, [seat, seat])).rejects.toMatchObject({ code: 'internal' });
      expect(await sessionEvents(on.all.store, session.id)).toHaveLength(1);
      expect(await on.all.store.events.ofSession(refused.id, 'all', 0, 10)).toBeNull();
      await dispatch(on.all.store);
      expect(await logged(on.all.store, OF_ACME)).toHaveLength(1);
    });

    test('EV2 each update writes the session with its seats, as the update left it', async () => {
      const session = f.newSession();
      await on.relay.create(session, [f.newSeat()]);
      await on.relay.update(session.id, f.ACME, { metadata: { round: 2 }, locked: true });
      const first = f.sure(await on.relay.get(session.id, 'all'));
      await on.relay.update(session.id, f.ACME, { ttlMs: 60_000 });
      const second = f.sure(await on.relay.get(session.id, 'all'));
      expect(await on.relay.update(session.id, f.OTHER, { locked: false })).toBeNull();
      expect(await told(on.all.store, session.id)).toEqual([
        { type: 'session.updated', session: first },
        { type: 'session.updated', session: second },
      ]);
    });

    test.each(['ended', 'expired'] as const)(
      'EV3 a session that has %s is shown as it was before its end, with why; its members have no events of their own',
      async (why) => {
        const session = f.newSession({ ttlMs: 60_000 });
        await on.relay.create(session, [f.newSeat()]);
        await f.joinMinted(on.relay, session.id);
        const before = f.sure(await on.relay.get(session.id, 'all'));
        if (why === 'ended') expect(await on.relay.end(session.id, f.ACME)).toBe(true);
        else {
          on.clock.advance(60_000);
          expect(await on.relay.sweepExpired(10)).toEqual([session.id]);
        }
        expect(await on.relay.end(session.id, f.ACME)).toBe(false);
        expect(await on.relay.sweepExpired(10)).toEqual([]);
        const events = await told(on.all.store, session.id);
        expect(events.slice(2)).toEqual([{ type: 'session.ended', why, session: before }]);
      },
    );

    test('EV4 a reader of an event reads the state after its change', async () => {
      const { store } = on.all;
      const session = f.newSession({ maxUsers: 200 });
      await on.relay.create(session, []);
      const joins = Promise.all(Array.from({ length: 150 }, () => f.joinMinted(on.relay, session.id)));
      let read = 0;
      while (read < 152) {
        const events = await sessionEvents(store, session.id);
        const found = f.sure(await on.relay.get(session.id, 'all'));
        const there = new Set(found.seats.map(({ userId }) => userId));
        for (const { facts } of events) {
          if (facts.type === 'member.joined') expect(there.has(facts.userId)).toBe(true);
          if (facts.type === 'host.changed') expect(found.session.host.term).toBe(facts.term);
        }
        read = events.length;
      }
      await joins;
      expect(read).toBe(152);
    });

    test('EV5 a session that its home puts back has no event for it, and its log goes on', async () => {
      const { store } = on.all;
      const session = f.newSession();
      await on.relay.create(session, []);
      const state = f.sure(
        (await on.relay.check(f.HERE, [{ sessionId: session.id, homeEpoch: 1, revision: null, members: 0 }]))[0],
      );
      if (state.state !== 'changed') throw new Error('the fixture is wrong');
      const revision = state.held.revision;
      expect(await on.relay.restore({ ...state.held, leftMs: 60_000, nextIndex: 0, instead: revision })).toBe(true);
      await f.joinMinted(on.relay, session.id);
      const types = (await sessionEvents(store, session.id)).map(({ facts }) => facts.type);
      expect(types).toEqual(['session.ready', 'member.joined', 'host.changed']);
    });

    test('EV5 a session that is put back into a store that lost it has a new log, which no earlier cursor fits', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      await f.joinMinted(on.relay, session.id);
      const state = f.sure(
        (await on.relay.check(f.HERE, [{ sessionId: session.id, homeEpoch: 1, revision: null, members: 1 }]))[0],
      );
      if (state.state !== 'changed') throw new Error('the fixture is wrong');
      const empty = await open();
      try {
        const { events, relay } = empty.store;
        expect(await relay.restore({ ...state.held, leftMs: 60_000, nextIndex: 1, instead: null })).toBe(true);
        expect(await events.ofSession(session.id, f.ACME, 0, 10)).toEqual({ outcome: 'read', entries: [], newest: 0 });
        expect(await events.ofSession(session.id, f.ACME, 3, 10)).toMatchObject({ outcome: 'cursor_lost', newest: 0 });
        await relay.join(f.joinRequest(session.id, f.minted(f.userId(), { generation: 2 ** 52 })));
        const [first, ...more] = await sessionEvents(empty.store, session.id);
        expect(first).toMatchObject({ sequence: 1, facts: { type: 'member.joined' } });
        expect(more).toEqual([]);
      } finally {
        await empty.close();
      }
    });
  });
}
