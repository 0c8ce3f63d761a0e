import { describe, expect, test } from 'vitest';
import { type HeldSession, type HomeClaim, type HomeState } from '../../../src/ports/relay-home.js';
import { OVER_KEPT_MS, type RelayStore } from '../../../src/ports/relay-store.js';
import type { SessionId } from '../../../src/protocol/ids.js';
import type { OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';

/** The home's view of the session; whole by default. */
export function claim(sessionId: SessionId, change: Partial<HomeClaim> = {}): HomeClaim {
  return { sessionId, homeEpoch: 1, revision: null, members: 0, ...change };
}

export async function checkOne(relay: RelayStore, asked: HomeClaim): Promise<HomeState> {
  return f.sure((await relay.check(f.HERE, [asked]))[0]);
}

export async function heldOf(relay: RelayStore, id: SessionId): Promise<HeldSession> {
  const state = await checkOne(relay, claim(id));
  if (state.state !== 'changed') throw new Error(`expected to read it whole, was ${state.state}`);
  return state.held;
}

export function homeRules(open: OpenStore): void {
  describe('what a home asks of its sessions', () => {
    const on = f.useStore(open);

    test('ST64 a session that is as its home believes is answered with the time it has left, in the order of the claims', async () => {
      const [one, two] = [f.newSession(), f.newSession({ ttlMs: 60_000 })];
      await on.relay.create(one, []);
      await on.relay.create(two, []);
      await f.joinMinted(on.relay, two.id);
      on.clock.advance(10_000);
      const claims = [claim(two.id, { revision: 0, members: 1 }), claim(one.id, { revision: 0 })];
      expect(await on.relay.check(f.HERE, claims)).toEqual([
        { state: 'same', leftMs: 50_000 },
        { state: 'same', leftMs: f.TTL_MS - 10_000 },
      ]);
      expect(await on.relay.check(f.HERE, [])).toEqual([]);
    });

    test('ST64 one that is not is read whole: another revision, another number of members, or the home asks for it', async () => {
      const session = f.newSession();
      const seat = f.newSeat();
      await on.relay.create(session, [seat]);
      const member = await f.joinPair(on.relay, session, seat);
      const found = f.sure(await on.relay.get(session.id, 'all'));
      for (const change of [
        { revision: 7, members: 1 },
        { revision: 0, members: 2 },
        { members: 1 },
        { homeEpoch: 2 },
      ]) {
        const state = await checkOne(on.relay, claim(session.id, change));
        expect(state).toMatchObject({ state: 'changed', leftMs: f.TTL_MS, held: { session: found.session, bars: [] } });
      }
      const { seats } = await heldOf(on.relay, session.id);
      const { index, connection, joinedAtMs } = member;
      const resumeHashes = [expect.any(String)];
      const held = { index, connection, joinedAtMs, userSessionId: null, awayLeftMs: null, resumeHashes };
      expect(seats).toEqual([{ ...seat, held: true, group: null, member: held }]);
    });

    test('ST64 another home, or a newer epoch, is elsewhere', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      await on.relay.claimHome(session.id, f.homeNow(f.HERE), f.ELSEWHERE);
      expect(await checkOne(on.relay, claim(session.id))).toEqual({ state: 'elsewhere' });
      expect(await checkOne(on.relay, claim(session.id, { homeEpoch: 2 }))).toEqual({ state: 'elsewhere' });
      await on.relay.claimHome(session.id, f.homeNow(f.ELSEWHERE, 2), f.HERE);
      expect(await checkOne(on.relay, claim(session.id, { homeEpoch: 2 }))).toEqual({ state: 'elsewhere' });
      expect(await checkOne(on.relay, claim(session.id, { homeEpoch: 3 }))).toMatchObject({ state: 'changed' });
    });

    test('ST65 of a session with members it is remembered for ten minutes why it is over', async () => {
      const [ended, expired] = [f.newSession(), f.newSession({ ttlMs: 1_000 })];
      for (const session of [ended, expired]) {
        await on.relay.create(session, []);
        await f.joinMinted(on.relay, session.id);
      }
      await on.relay.end(ended.id, 'all');
      on.clock.advance(1_000);
      expect(await checkOne(on.relay, claim(expired.id))).toEqual({ state: 'expired' });
      expect(await on.relay.sweepExpired(10)).toEqual([expired.id]);
      const both = [claim(ended.id), claim(expired.id)];
      expect(await on.relay.check(f.HERE, both)).toEqual([{ state: 'ended' }, { state: 'expired' }]);
      expect(await on.relay.get(ended.id, 'all')).toBeNull();
      expect(await on.relay.end(ended.id, 'all')).toBe(false);
      await expect(on.relay.create(f.newSession({ id: f.sessionId() }), [])).resolves.toBeDefined();
      on.clock.advance(OVER_KEPT_MS - 2_000);
      expect(await checkOne(on.relay, claim(ended.id))).toEqual({ state: 'ended' });
    });

    test('ST65 a session without members, and one that never was, is missing', async () => {
      const session = f.newSession();
      await on.relay.create(session, [f.newSeat()]);
      await on.relay.end(session.id, 'all');
      expect(await checkOne(on.relay, claim(session.id))).toEqual({ state: 'missing' });
      expect(await checkOne(on.relay, claim(f.sessionId()))).toEqual({ state: 'missing' });
    });

    test('ST66 the revision rises with all that is changed from outside, and with nothing that sockets do', async () => {
      const session = f.newSession();
      const { id } = session;
      const [one, two] = [f.newSeat(), f.newSeat()];
      await on.relay.create(session, [one]);
      let revision = 0;
      const expectRise = async (by: number): Promise<void> => {
        revision += by;
        expect((await heldOf(on.relay, id)).revision).toBe(revision);
      };
      const first = await f.joinPair(on.relay, session, one);
      const second = await f.joinMinted(on.relay, id);
      const third = await f.joinMinted(on.relay, id);
      await on.relay.away(f.holdOf(id, third));
      await on.relay.leave(f.holdOf(id, third), 'left');
      await expectRise(0);
      await on.relay.update(id, 'all', { locked: false });
      await expectRise(1);
      await on.relay.authorize(id, 'all', two);
      await expectRise(1);
      await on.relay.handOverHost(id, f.HOME, { index: first.index, term: 1 }, second.index);
      await expectRise(1);
      await on.relay.revoke(id, 'all', two.token);
      await expectRise(1);
      await on.relay.kick({
        sessionId: id,
        scope: 'all',
        selector: { by: 'user_id', userId: second.userId },
        ban: true,
      });
      await expectRise(1);
      const other = { by: 'user_id', userId: f.userId() } as const;
      await on.relay.kick({ sessionId: id, scope: 'all', selector: other, ban: true });
      await expectRise(1);
    });

    test('ST66 what is read whole names who was removed, why, and who is banned', async () => {
      const session = f.newSession();
      const { id } = session;
      const seat = f.newSeat();
      await on.relay.create(session, [seat]);
      const [kicked, left] = [await f.joinMinted(on.relay, id), await f.joinMinted(on.relay, id)];
      const stranger = f.userId();
      await on.relay.revoke(id, 'all', seat.token);
      const kick = (userId: typeof stranger, ban: boolean, isOwnWish = false) =>
        on.relay.kick({ sessionId: id, scope: 'all', selector: { by: 'user_id', userId }, ban, isOwnWish });
      await kick(kicked.userId, true);
      await kick(left.userId, false, true);
      await kick(stranger, true);
      const { bars } = await heldOf(on.relay, id);
      expect(bars).toHaveLength(6);
      expect(bars).toEqual(
        expect.arrayContaining([
          { kind: 'removed', userId: seat.userId, generation: 2, reason: 'revoked' },
          { kind: 'removed', userId: kicked.userId, generation: 3, reason: 'kicked' },
          { kind: 'removed', userId: left.userId, generation: 4, reason: 'left' },
          { kind: 'removed', userId: stranger, generation: 5, reason: null },
          { kind: 'banned', userId: kicked.userId },
          { kind: 'banned', userId: stranger },
        ]),
      );
    });
  });
}
