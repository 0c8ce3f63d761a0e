import { describe, expect, test } from 'vitest';
import type { SessionPage } from '../../../src/ports/relay-seat.js';
import type { SessionId } from '../../../src/protocol/ids.js';
import type { OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';

export function listingRules(open: OpenStore): void {
  describe('listings and expiry', () => {
    const on = f.useStore(open);

    async function createMany(count: number, change: Parameters<typeof f.newSession>[0] = {}): Promise<SessionId[]> {
      const ids: SessionId[] = [];
      for (let at = 0; at < count; at += 1) {
        const session = f.newSession(change);
        await on.relay.create(session, []);
        ids.push(session.id);
      }
      return ids;
    }
    const idsOf = (page: SessionPage): SessionId[] => page.sessions.map(({ session }) => session.id);

    test('ST8 list is newest first, within the scope, by offset, and counts them all', async () => {
      const ids = await createMany(5);
      const [foreign] = await createMany(1, { projectId: f.OTHER });
      const newestFirst = ids.toReversed();
      const page = await on.relay.list({ scope: f.ACME, from: { offset: 1 }, limit: 3 });
      expect(idsOf(page)).toEqual(newestFirst.slice(1, 4));
      expect(page.totalCount).toBe(5);
      expect(page.nextCursor).not.toBeNull();
      const everybody = await on.relay.list({ scope: 'all', from: { offset: 0 }, limit: 10 });
      expect(idsOf(everybody)).toEqual([foreign, ...newestFirst]);
      expect(everybody).toMatchObject({ totalCount: 6, nextCursor: null });
      const beyond = await on.relay.list({ scope: f.ACME, from: { offset: 99 }, limit: 3 });
      expect(beyond).toEqual({ sessions: [], totalCount: 5, nextCursor: null });
    });

    test('ST8 a listed session carries its seats', async () => {
      const session = f.newSession();
      const seat = f.newSeat();
      await on.relay.create(session, [seat]);
      await f.joinPair(on.relay, session, seat);
      const page = await on.relay.list({ scope: f.ACME, from: { offset: 0 }, limit: 1 });
      expect(page.sessions).toEqual([await on.relay.get(session.id, 'all')]);
    });

    test('ST9 cursors pass each session once, though others come and go in between', async () => {
      const ids = await createMany(7);
      const seen: SessionId[] = [];
      let from: { offset: number } | { cursor: string } = { offset: 0 };
      for (;;) {
        const page: SessionPage = await on.relay.list({ scope: f.ACME, from, limit: 2 });
        seen.push(...idsOf(page));
        if (page.nextCursor === null) break;
        from = { cursor: page.nextCursor };
        await createMany(1);
        await on.relay.end(f.sure(seen.at(-1)), 'all');
      }
      expect(seen).toEqual(ids.toReversed());
    });

    test.each(['', '0', '5', 'YzEuMA', 'YzEuMQ==', 'c1.5', '../..', 'YzEuMS41'])(
      'ST9 the malformed cursor "%s" is refused with invalid_request',
      async (cursor) => {
        const listing = on.relay.list({ scope: 'all', from: { cursor }, limit: 2 });
        await expect(listing).rejects.toMatchObject({ code: 'invalid_request' });
      },
    );

    test('ST10 sessions whose time is up are left out', async () => {
      const [brief] = await createMany(1, { ttlMs: 1_000 });
      const [long] = await createMany(1);
      on.clock.advance(1_000);
      expect(idsOf(await on.relay.list({ scope: 'all', from: { offset: 0 }, limit: 10 }))).toEqual([long]);
      expect(await on.relay.sweepExpired(10)).toEqual([brief]);
      expect(await on.relay.list({ scope: 'all', from: { offset: 0 }, limit: 10 })).toMatchObject({ totalCount: 1 });
    });

    test('ST11 sweepExpired names each session whose time is up to one caller only, and up to the limit', async () => {
      const due = await createMany(20, { ttlMs: 1_000 });
      await createMany(3);
      expect(await on.relay.sweepExpired(100)).toEqual([]);
      on.clock.advance(1_000);
      expect(await on.relay.sweepExpired(4)).toHaveLength(4);
      const swept = await Promise.all([1, 2, 3, 4].map(() => on.relay.sweepExpired(8)));
      expect(swept.every((some) => some.length <= 8)).toBe(true);
      expect(swept.flat()).toHaveLength(16);
      expect(new Set(swept.flat()).size).toBe(16);
      expect(swept.flat().every((id) => due.includes(id))).toBe(true);
      on.clock.advance(60_000);
      expect(await on.relay.sweepExpired(100)).toEqual([]);
    });

    test('ST12 a session that was given more time is swept when that is up, and one given less when that is', async () => {
      const [longer = f.sessionId(), shorter = f.sessionId()] = await createMany(2, { ttlMs: 10_000 });
      await on.relay.update(longer, 'all', { ttlMs: 60_000 });
      await on.relay.update(shorter, 'all', { ttlMs: 1_000 });
      on.clock.advance(1_000);
      expect(await on.relay.sweepExpired(10)).toEqual([shorter]);
      on.clock.advance(30_000);
      expect(await on.relay.sweepExpired(10)).toEqual([]);
      expect(await on.relay.get(longer, 'all')).not.toBeNull();
      on.clock.advance(29_000);
      expect(await on.relay.sweepExpired(10)).toEqual([longer]);
    });
  });
}
