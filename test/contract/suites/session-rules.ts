import { describe, expect, test } from 'vitest';
import type { RelaySession } from '../../../src/ports/relay-session.js';
import type { OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';

export function sessionRules(open: OpenStore): void {
  describe('sessions', () => {
    const on = f.useStore(open);

    test('ST1 create returns what get returns: everything given, times by the store, nothing begun', async () => {
      const session = f.newSession({
        metadata: { map: 'dust', rounds: [1, 2.5, null], nested: { yes: true, empty: {}, none: [] } },
        flushMs: 20,
        webhookUrl: 'https://example.com/hook?a=1',
        joinUrl: 'https://example.com/join?a=1',
        enforceIp: true,
        locked: true,
        durability: 'redis',
        filters: [{ field: 'city', values: ['Köln', 'a|b'], filterType: 'any' }],
      });
      const seat = f.newSeat({ latitude: -33.868812345678, longitude: 151.209 });
      const created = await on.relay.create(session, [seat]);

      const nowMs = on.clock.nowMs();
      const { ttlMs, ...given } = session;
      expect(created).toEqual({
        session: {
          ...given,
          createdAtMs: nowMs,
          expiresAtMs: nowMs + ttlMs,
          homeEpoch: 1,
          host: { index: null, term: 0 },
          generation: 1,
        },
        seats: [{ ...seat, held: true, group: null, member: null }],
      });
      expect(await on.relay.get(session.id, f.ACME)).toEqual(created);
    });

    test('ST1 a session without a home keeps its error, and has epoch 0', async () => {
      const session = f.newSession({ homeNodeId: null, error: 'no node fits' });
      const created = await on.relay.create(session, []);
      expect(created.session).toMatchObject({ homeNodeId: null, homeEpoch: 0, error: 'no node fits' });
    });

    test('ST2 a taken session id rejects with internal and changes nothing', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      const again = on.relay.create({ ...session, projectId: f.OTHER, maxUsers: 2 }, [f.newSeat()]);
      await expect(again).rejects.toMatchObject({ code: 'internal' });
      const found = await on.relay.get(session.id, 'all');
      expect(found).toMatchObject({ session: { projectId: f.ACME, maxUsers: 10 }, seats: [] });
      expect((await on.relay.list({ scope: f.OTHER, from: { offset: 0 }, limit: 10 })).sessions).toEqual([]);
    });

    test('ST2 a user id or token used before in the session rejects with internal and changes nothing', async () => {
      const session = f.newSession();
      const seat = f.newSeat();
      await expect(on.relay.create(session, [seat, { ...seat, address: '192.0.2.1' }])).rejects.toMatchObject({
        code: 'internal',
      });
      expect(await on.relay.get(session.id, 'all')).toBeNull();

      const second = f.newSession();
      await on.relay.create(second, [seat]);
      const clash = on.relay.authorize(second.id, 'all', f.newSeat({ userId: seat.userId }));
      await expect(clash).rejects.toMatchObject({ code: 'internal' });
      expect((await on.relay.get(second.id, 'all'))?.seats).toHaveLength(1);
    });

    test("NT1 authorize refuses a token of the session: a user's, a revoked one, and the session's own", async () => {
      const session = f.newSession();
      const seat = f.newSeat();
      await on.relay.create(session, [seat]);
      const again = { outcome: 'token_taken' };
      expect(await on.relay.authorize(session.id, 'all', f.newSeat({ token: seat.token }))).toEqual(again);
      await on.relay.revoke(session.id, 'all', seat.token);
      for (const token of [seat.token, session.authorizationToken]) {
        expect(await on.relay.authorize(session.id, 'all', f.newSeat({ token }))).toEqual(again);
      }
      expect((await on.relay.get(session.id, 'all'))?.seats).toEqual([]);
    });

    test("ST3 another project's session is not there, for any method; the scope all sees every session", async () => {
      const session = f.newSession();
      const seat = f.newSeat();
      await on.relay.create(session, [seat]);
      const { id } = session;
      expect(await on.relay.get(id, f.OTHER)).toBeNull();
      expect(await on.relay.update(id, f.OTHER, { locked: true, ttlMs: 1 })).toBeNull();
      expect(await on.relay.end(id, f.OTHER)).toBe(false);
      expect(await on.relay.authorize(id, f.OTHER, f.newSeat())).toEqual({ outcome: 'session_not_found' });
      expect(await on.relay.revoke(id, f.OTHER, seat.token)).toEqual({ outcome: 'session_not_found' });
      expect(await on.relay.mint(id, f.OTHER, f.userId())).toEqual({ outcome: 'session_not_found' });
      const selector = { by: 'user_id', userId: seat.userId } as const;
      expect(await on.relay.kick({ sessionId: id, scope: f.OTHER, selector, ban: true })).toEqual({
        outcome: 'session_not_found',
      });
      expect(await on.relay.get(id, 'all')).toMatchObject({ session: { locked: false }, seats: [{ held: true }] });
      expect(await on.relay.end(id, 'all')).toBe(true);
    });

    test('ST4 a session whose time is up does not exist for any method, swept or not', async () => {
      const session = f.newSession({ ttlMs: 1_000 });
      const seat = f.newSeat();
      await on.relay.create(session, [seat]);
      const { id } = session;
      const member = await f.joinPair(on.relay, session, seat);
      on.clock.advance(999);
      expect(await on.relay.get(id, 'all')).not.toBeNull();
      on.clock.advance(1);
      expect(await on.relay.get(id, 'all')).toBeNull();
      expect(await on.relay.update(id, 'all', { ttlMs: 60_000 })).toBeNull();
      expect(await on.relay.end(id, 'all')).toBe(false);
      expect(await on.relay.authorize(id, 'all', f.newSeat())).toEqual({ outcome: 'session_not_found' });
      expect(await on.relay.revoke(id, 'all', seat.token)).toEqual({ outcome: 'session_not_found' });
      expect(await on.relay.mint(id, 'all', f.userId())).toEqual({ outcome: 'session_not_found' });
      const selector = { by: 'token', token: seat.token } as const;
      expect(await on.relay.kick({ sessionId: id, scope: 'all', selector, ban: false })).toEqual({
        outcome: 'session_not_found',
      });
      expect(await on.relay.join(f.joinRequest(id, f.pair(session, seat)))).toEqual(f.refused('session_not_found'));
      expect(await on.relay.away(f.holdOf(id, member))).toBe(false);
      expect(await on.relay.leave(f.holdOf(id, member), 'left')).toEqual({ outcome: 'outdated' });
      expect(await on.relay.handOverHost(id, f.HOME, member.host, member.index)).toBeNull();
      expect(await on.relay.claimHome(id, f.homeNow(f.HERE), f.ELSEWHERE)).toBeNull();
    });

    test('ST5 update changes what is given and nothing else; ttlMs counts from now', async () => {
      const session = f.newSession({
        metadata: { a: 1 },
        webhookUrl: 'https://example.com',
        joinUrl: 'https://a.test',
      });
      const { session: before } = await on.relay.create(session, []);
      on.clock.advance(5_000);
      const change = {
        ...{ metadata: ['b'], webhookUrl: null, joinUrl: null },
        ...{ flushMs: 0, locked: true, enforceIp: true },
      } as const;
      const expected: RelaySession = { ...before, ...change };
      expect(await on.relay.update(session.id, f.ACME, change)).toEqual(expected);
      const settings = { maxUsers: 3, resumeWindowMs: 1, ttlMs: 10_000 };
      const after = await on.relay.update(session.id, f.ACME, settings);
      expect(after).toEqual({
        ...expected,
        maxUsers: 3,
        resumeWindowMs: 1,
        expiresAtMs: on.clock.nowMs() + 10_000,
      });
      expect((await on.relay.get(session.id, 'all'))?.session).toEqual(after);
      const asked = await on.relay.update(session.id, f.ACME, { joinUrl: 'https://b.test' });
      expect(asked?.joinUrl).toBe('https://b.test');
      expect(await on.relay.update(f.sessionId(), 'all', {})).toBeNull();
    });

    test('ST6 end removes the session and its listing entries; a second end finds none', async () => {
      const session = f.newSession();
      const seat = f.newSeat();
      await on.relay.create(session, [seat]);
      await f.joinPair(on.relay, session, seat);
      expect(await on.relay.end(session.id, f.ACME)).toBe(true);
      expect(await on.relay.end(session.id, f.ACME)).toBe(false);
      expect(await on.relay.get(session.id, 'all')).toBeNull();
      const page = await on.relay.list({ scope: 'all', from: { offset: 0 }, limit: 10 });
      expect(page).toEqual({ sessions: [], totalCount: 0, nextCursor: null });
    });

    test('ST7 nothing that goes in or comes out is shared with the store', async () => {
      const metadata = { list: [1] };
      const session = f.newSession({ metadata });
      const created = await on.relay.create(session, [f.newSeat()]);
      metadata.list.push(2);
      const before = structuredClone(created);
      await f.joinMinted(on.relay, session.id);
      await on.relay.update(session.id, 'all', { locked: true });
      expect(created).toEqual(before);
      expect((await on.relay.get(session.id, 'all'))?.session.metadata).toEqual({ list: [1] });
    });
  });
}
