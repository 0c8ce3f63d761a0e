import { describe, expect, test } from 'vitest';
import type { JoinCredential } from '../../../src/ports/relay-join.js';
import type { OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';
import { userSessionId } from './identity-fixtures.js';

export function seatRules(open: OpenStore): void {
  describe('seats', () => {
    const on = f.useStore(open);

    test('ST13 a listed user holds a seat from its authorization on, joined or not', async () => {
      const session = f.newSession({ maxUsers: 2 });
      await on.relay.create(session, [f.newSeat()]);
      const seat = f.newSeat({ latitude: 1.5, longitude: -2 });
      const result = await on.relay.authorize(session.id, f.ACME, seat);
      const found = await on.relay.get(session.id, 'all');
      expect(result).toEqual({
        outcome: 'authorized',
        session: found?.session,
        seat: { ...seat, held: true, group: null, member: null },
      });
      expect(await on.relay.join(f.joinRequest(session.id, f.minted(f.userId())))).toEqual(f.refused('session_full'));
      expect(await f.joinPair(on.relay, session, seat)).toMatchObject({ userId: seat.userId, isNewMember: true });
    });

    test('ST14 authorize refuses an address that is authorized, then a full session; a revoked address is free', async () => {
      const session = f.newSession({ maxUsers: 1 });
      const seat = f.newSeat();
      await on.relay.create(session, [seat]);
      const twin = f.newSeat({ address: seat.address });
      expect(await on.relay.authorize(session.id, 'all', twin)).toEqual({ outcome: 'address_already_authorized' });
      expect(await on.relay.authorize(session.id, 'all', f.newSeat())).toEqual({ outcome: 'session_full' });
      await on.relay.revoke(session.id, 'all', seat.token);
      expect(await on.relay.authorize(session.id, 'all', twin)).toMatchObject({ outcome: 'authorized' });
      expect(await on.relay.authorize(f.sessionId(), 'all', twin)).toEqual({ outcome: 'session_not_found' });
    });

    test('ST14 an address authorized twice at create is free when both are revoked', async () => {
      const session = f.newSession();
      const address = '192.0.2.9';
      const [one, two] = [f.newSeat({ address }), f.newSeat({ address })];
      await on.relay.create(session, [one, two]);
      await on.relay.revoke(session.id, 'all', one.token);
      const again = f.newSeat({ address });
      expect(await on.relay.authorize(session.id, 'all', again)).toEqual({ outcome: 'address_already_authorized' });
      await on.relay.revoke(session.id, 'all', two.token);
      expect(await on.relay.authorize(session.id, 'all', again)).toMatchObject({ outcome: 'authorized' });
    });

    test('ST14 authorize gives back the seats whose window has passed before it says full', async () => {
      const session = f.newSession({ maxUsers: 1 });
      await on.relay.create(session, []);
      const member = await f.joinMinted(on.relay, session.id);
      await on.relay.away(f.holdOf(session.id, member));
      expect(await on.relay.authorize(session.id, 'all', f.newSeat())).toEqual({ outcome: 'session_full' });
      on.clock.advance(f.WINDOW_MS);
      expect(await on.relay.authorize(session.id, 'all', f.newSeat())).toMatchObject({ outcome: 'authorized' });
    });

    test('ST15 a listed member that left gives its seat back, stays authorized, and takes a seat again if one is free', async () => {
      const session = f.newSession({ maxUsers: 1 });
      const seat = f.newSeat();
      await on.relay.create(session, [seat]);
      const first = await f.joinPair(on.relay, session, seat);
      await on.relay.leave(f.holdOf(session.id, first), 'left');
      expect(await f.seatOf(on.relay, session.id, seat.userId)).toEqual({
        ...seat,
        held: false,
        group: null,
        member: null,
      });

      const other = await f.joinMinted(on.relay, session.id);
      const refused = await on.relay.join(f.joinRequest(session.id, f.pair(session, seat)));
      expect(refused).toEqual(f.refused('session_full'));
      await on.relay.leave(f.holdOf(session.id, other), 'left');
      const again = await f.joinPair(on.relay, session, seat);
      expect(again).toMatchObject({ isNewMember: true, connection: 1 });
      expect(again.index).not.toBe(first.index);
      expect(await f.seatOf(on.relay, session.id, seat.userId)).toMatchObject({ held: true });
    });

    test('ST16 a minted user has a seat while it is a member, and is gone when it leaves', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      const user = f.userId();
      const member = await f.joinMinted(on.relay, session.id, user);
      expect(await f.seatOf(on.relay, session.id, user)).toEqual({
        userId: user,
        token: null,
        address: null,
        latitude: null,
        longitude: null,
        held: true,
        group: null,
        member: {
          index: member.index,
          joinedAtMs: on.clock.nowMs(),
          connection: 1,
          awayUntilMs: null,
          userSessionId: null,
        },
      });
      await on.relay.leave(f.holdOf(session.id, member), 'left');
      expect(await f.seatOf(on.relay, session.id, user)).toBeUndefined();
    });

    test('UP10 a member is bound as its credential says; a resume keeps that, another credential changes it', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      const [user, one, two] = [f.userId(), userSessionId(), userSessionId()];
      const join = async (credential: JoinCredential, change = {}) =>
        f.joinedOf(await on.relay.join({ ...f.joinRequest(session.id, credential), ...change }));
      const kept = async () => (await f.seatOf(on.relay, session.id, user))?.member?.userSessionId;

      expect((await join(f.minted(user, { userSessionId: one }), { dryRun: true })).userSessionId).toBe(one);
      const first = await join(f.minted(user, { userSessionId: one }), { resumeHash: 'first' });
      expect([first.userSessionId, await kept()]).toEqual([one, one]);
      await on.relay.away(f.holdOf(session.id, first));
      expect((await join(f.resume(first.index, 'first'), { dryRun: true })).userSessionId).toBe(one);
      expect((await join(f.resume(first.index, 'first'))).userSessionId).toBe(one);
      expect((await join(f.minted(user, { userSessionId: two }), { dryRun: true })).userSessionId).toBe(two);
      expect(await kept()).toBe(one);
      expect((await join(f.minted(user, { userSessionId: two }))).userSessionId).toBe(two);
      await on.relay.claimHome(session.id, f.homeNow(f.HERE), f.ELSEWHERE);
      expect(await kept()).toBe(two);
      await on.relay.claimHome(session.id, f.homeNow(f.ELSEWHERE, 2), f.HERE);
      const free = await join(f.minted(user));
      expect([free.userSessionId, await kept()]).toEqual([null, null]);
    });

    test('UP10 a listed user that left is bound to nothing', async () => {
      const session = f.newSession();
      const seat = f.newSeat();
      await on.relay.create(session, [seat]);
      const bound = f.minted(seat.userId, { userSessionId: userSessionId() });
      const joined = f.joinedOf(await on.relay.join(f.joinRequest(session.id, bound)));
      await on.relay.leave(f.holdOf(session.id, joined), 'left');
      expect((await f.joinPair(on.relay, session, seat)).userSessionId).toBeNull();
    });

    test('ST17 seats are listed users in the order of authorization, then minted ones in the order they joined', async () => {
      const session = f.newSession();
      const [one, two, three] = [f.newSeat(), f.newSeat(), f.newSeat()];
      await on.relay.create(session, [one, two]);
      const [early, late] = [f.userId('z-early'), f.userId('a-late')];
      const member = await f.joinMinted(on.relay, session.id, late);
      await f.joinMinted(on.relay, session.id, early);
      await on.relay.leave(f.holdOf(session.id, member), 'left');
      await on.relay.authorize(session.id, 'all', three);
      await f.joinPair(on.relay, session, two);
      await f.joinPair(on.relay, session, one);
      await f.joinMinted(on.relay, session.id, late);
      const found = await on.relay.get(session.id, 'all');
      expect(found?.seats.map((seat) => seat.userId)).toEqual([one.userId, two.userId, three.userId, early, late]);
    });

    test('ST18 maxUsers below the seats held takes effect as seats are given back', async () => {
      const session = f.newSession({ maxUsers: 3 });
      await on.relay.create(session, []);
      const members = [];
      for (let at = 0; at < 3; at += 1) members.push(await f.joinMinted(on.relay, session.id));
      await on.relay.update(session.id, 'all', { maxUsers: 1 });
      const tryJoin = () => on.relay.join(f.joinRequest(session.id, f.minted(f.userId())));
      for (const member of members) {
        expect(await tryJoin()).toEqual(f.refused('session_full'));
        await on.relay.leave(f.holdOf(session.id, member), 'left');
      }
      expect(await tryJoin()).toMatchObject({ outcome: 'joined' });
    });

    test('ST19 away and leave change nothing unless they name the seat and its newest connection', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      const user = f.userId();
      const first = await f.joinMinted(on.relay, session.id, user);
      const second = await f.joinMinted(on.relay, session.id, user);
      for (const hold of [f.holdOf(session.id, first), { ...f.holdOf(session.id, second), index: f.index(9) }]) {
        expect(await on.relay.away(hold)).toBe(false);
        expect(await on.relay.leave(hold, 'left')).toEqual({ outcome: 'outdated' });
      }
      expect(await f.seatOf(on.relay, session.id, user)).toMatchObject({
        member: { connection: 2, awayUntilMs: null },
      });
      const hold = f.holdOf(session.id, second);
      expect(await on.relay.away(hold)).toBe(true);
      const awayUntilMs = on.clock.nowMs() + f.WINDOW_MS;
      expect(await f.seatOf(on.relay, session.id, user)).toMatchObject({ held: true, member: { awayUntilMs } });
      // A home that lost the session may not know it yet: its word about the seat does not count.
      expect(await on.relay.away({ ...hold, nodeId: f.ELSEWHERE })).toBe(false);
      expect(await on.relay.leave({ ...hold, nodeId: f.ELSEWHERE }, 'left')).toEqual({ outcome: 'outdated' });
      expect(await on.relay.leave(hold, 'left')).toEqual({ outcome: 'left', host: { index: null, term: 1 } });
      expect(await on.relay.leave(hold, 'left')).toEqual({ outcome: 'outdated' });
      expect(await on.relay.away(hold)).toBe(false);
    });

    test('ST20 an index is not given again until all were given; then the lowest that rested five minutes, or the window if longer', async () => {
      const session = f.newSession({ maxUsers: 65_534, resumeWindowMs: 400_000, ttlMs: 10 * f.TTL_MS });
      await on.relay.create(session, []);
      const early = await f.joinMinted(on.relay, session.id, f.userId('early'));
      await on.relay.leave(f.holdOf(session.id, early), 'left');
      for (let at = 1; at < 65_534; at += 1_000) {
        const count = Math.min(1_000, 65_534 - at);
        const users = Array.from({ length: count }, (_, i) => f.userId(`u${at + i}`));
        await Promise.all(users.map((user) => f.joinMinted(on.relay, session.id, user)));
      }
      const tryJoin = () => on.relay.join(f.joinRequest(session.id, f.minted(f.userId())));
      expect(await tryJoin()).toEqual(f.refused('session_full'));
      on.clock.advance(100_000);
      const hold = { sessionId: session.id, ...f.HOME, connection: 1 };
      for (const at of [700, 30]) await on.relay.leave({ ...hold, index: f.index(at) }, 'left');
      expect(await tryJoin()).toEqual(f.refused('session_full'));
      on.clock.advance(300_000);
      expect(await tryJoin()).toMatchObject({ outcome: 'joined', index: 0 });
      expect(await tryJoin()).toEqual(f.refused('session_full'));
      await on.relay.update(session.id, 'all', { resumeWindowMs: 1_000 });
      expect(await tryJoin()).toMatchObject({ outcome: 'joined', index: 30 });
      expect(await tryJoin()).toMatchObject({ outcome: 'joined', index: 700 });
      expect(await tryJoin()).toEqual(f.refused('session_full'));
    }, 60_000);
  });
}
