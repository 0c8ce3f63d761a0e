import { describe, expect, test } from 'vitest';
import type { FeedEntry } from '../../../src/ports/event-feed.js';
import type { OpenStore } from '../../support/stores.js';
import {
  ALL,
  busyPartition,
  claimed,
  dispatch,
  entriesIn,
  idsOf,
  LEASE_MS,
  logged,
  OF_ACME,
  sessionEvents,
} from './event-fixtures.js';
import * as f from './fixtures.js';

export function eventFeedRules(open: OpenStore): void {
  describe('the event feed', () => {
    const on = f.useStore(open);
    const feed = () => on.all.store.feed;

    /** A session with so many events, all of which wait in one partition. */
    async function waiting(events: number) {
      const session = f.newSession();
      await on.relay.create(session, []);
      for (let at = 1; at < events; at += 1) await on.relay.update(session.id, 'all', { locked: true });
      return { id: session.id, partition: await busyPartition(on.all.store) };
    }

    test('EV23 it has the events of a session in one partition, in their order, until they are settled', async () => {
      const { id, partition } = await waiting(5);
      const events = await sessionEvents(on.all.store, id);
      const entries = await entriesIn(on.all.store, partition);
      expect(entries.map(({ event }) => event)).toEqual(events);
      expect(await feed().read(partition, 2)).toMatchObject({ entries: entries.slice(0, 2), hasMore: true });
      expect(await feed().read(partition, 5)).toMatchObject({ entries, hasMore: false });
      const hold = await claimed(on.all.store, partition);
      expect(await feed().settle(hold, f.sure(entries[1]).position)).toBe(true);
      expect(await entriesIn(on.all.store, partition)).toEqual(entries.slice(2));
      expect(await feed().settle(hold, f.sure(entries[1]).position)).toBe(true);
      expect(await entriesIn(on.all.store, partition)).toEqual(entries.slice(2));
      expect(await feed().settle(hold, f.sure(entries[4]).position)).toBe(true);
      expect(await feed().read(partition, 10)).toEqual({ entries: [], dropped: 0, hasMore: false });
    });

    test('EV24 however often, and by whomever, events are published, each is in each log once, in order', async () => {
      const { store } = on.all;
      const { id, partition } = await waiting(6);
      const events = await sessionEvents(store, id);
      const entries = await entriesIn(store, partition);
      const publish = (some: readonly FeedEntry[]) => feed().publish(partition, some);
      await publish(entries.slice(0, 2));
      await publish(entries.slice(0, 2));
      await publish(entries);
      await Promise.all([publish(entries), publish(entries.slice(0, 4)), publish(entries)]);
      const first = await claimed(store, partition);
      await feed().settle(first, f.sure(entries[2]).position);
      await feed().release(first);
      expect(await dispatch(store, f.ELSEWHERE)).toEqual(events.slice(3));
      for (const log of [OF_ACME, ALL]) expect(await logged(store, log)).toEqual(events);
      await on.relay.update(id, 'all', { locked: false });
      await dispatch(store);
      expect(idsOf(await logged(store, OF_ACME))).toEqual(idsOf(await sessionEvents(store, id)));
    });

    test('EV24 of two owners that publish at once each event is published once', async () => {
      const { store } = on.all;
      const { id, partition } = await waiting(1);
      const joins = Array.from({ length: 9 }, () => f.joinMinted(on.relay, id));
      const rounds = Array.from({ length: 20 }, async () => {
        await feed().publish(partition, await entriesIn(store, partition));
      });
      await Promise.all([...joins, ...rounds]);
      await dispatch(store);
      const events = await sessionEvents(store, id);
      expect(events).toHaveLength(11);
      for (const log of [OF_ACME, ALL]) expect(await logged(store, log)).toEqual(events);
    });

    test('EV25 one node at a time has a partition, as long as it renews in time', async () => {
      const [here, elsewhere] = [f.HERE, f.ELSEWHERE];
      const hold = f.sure(await feed().claim(0, here, LEASE_MS));
      expect(hold).toMatchObject({ partition: 0, nodeId: here });
      expect(await feed().claim(0, elsewhere, LEASE_MS)).toBeNull();
      on.clock.advance(LEASE_MS - 1);
      expect(await feed().claim(0, here, LEASE_MS)).toEqual(hold);
      on.clock.advance(LEASE_MS - 1);
      expect(await feed().claim(0, elsewhere, LEASE_MS)).toBeNull();
      on.clock.advance(2);
      const next = f.sure(await feed().claim(0, elsewhere, LEASE_MS));
      expect(next.epoch).toBeGreaterThan(hold.epoch);
      expect(await feed().claim(0, here, LEASE_MS)).toBeNull();
      on.clock.advance(LEASE_MS + 1);
      expect(f.sure(await feed().claim(0, elsewhere, LEASE_MS)).epoch).toBeGreaterThan(next.epoch);
    });

    test('EV25 of ten nodes that claim at once one has it', async () => {
      const nodes = Array.from('abcdefghij', f.nodeId);
      const holds = await Promise.all(nodes.map((node) => feed().claim(0, node, LEASE_MS)));
      expect(holds.filter((hold) => hold !== null)).toHaveLength(1);
    });

    test('EV25 a partition that was given up is free at once; a former owner gives nothing up', async () => {
      const hold = await claimed(on.all.store, 0);
      await feed().release({ ...hold, epoch: hold.epoch - 1 });
      await feed().release({ ...hold, nodeId: f.ELSEWHERE });
      expect(await feed().claim(0, f.ELSEWHERE, LEASE_MS)).toBeNull();
      await feed().release(hold);
      const next = await claimed(on.all.store, 0, f.ELSEWHERE);
      expect(next.epoch).toBeGreaterThan(hold.epoch);
      await feed().release(hold);
      expect(await feed().claim(0, f.HERE, LEASE_MS)).toBeNull();
    });

    test('EV25 what a former owner settles stays', async () => {
      const { partition } = await waiting(2);
      const entries = await entriesIn(on.all.store, partition);
      const last = f.sure(entries.at(-1)).position;
      const former = await claimed(on.all.store, partition);
      on.clock.advance(LEASE_MS + 1);
      expect(await feed().settle(former, last)).toBe(false);
      const owner = await claimed(on.all.store, partition, f.ELSEWHERE);
      expect(await feed().settle(former, last)).toBe(false);
      expect(await feed().settle({ ...owner, nodeId: f.HERE }, last)).toBe(false);
      expect(await entriesIn(on.all.store, partition)).toEqual(entries);
      expect(await feed().settle(owner, last)).toBe(true);
      expect(await entriesIn(on.all.store, partition)).toEqual([]);
    });
  });
}

/** `open`: a store whose partitions hold at most `most` events. */
export function feedBoundRules(engine: string, open: OpenStore, most: number): void {
  describe(`the full event feed of the ${engine} store`, () => {
    const on = f.useStore(open);

    test('EV26 a partition that is full drops its oldest events and counts them; the log of their session keeps them', async () => {
      const { store } = on.all;
      const session = f.newSession();
      await on.relay.create(session, []);
      const partition = await busyPartition(store);
      for (let at = 0; at < most + 2; at += 1) await on.relay.update(session.id, 'all', { locked: true });
      const events = await sessionEvents(store, session.id);
      const { entries, dropped } = await store.feed.read(partition, 2 * most);
      expect(dropped).toBe(3);
      expect(entries.map(({ event }) => event)).toEqual(events.slice(3));
      await dispatch(store);
      expect(idsOf(await logged(store, OF_ACME)).slice(-most)).toEqual(idsOf(events.slice(3)));
      expect(await store.feed.read(partition, 10)).toEqual({ entries: [], dropped: 3, hasMore: false });
    });
  });
}
