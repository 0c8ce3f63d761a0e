import { describe, expect, test } from 'vitest';
import type { KickResult, UserSelector } from '../../../src/ports/relay-seat.js';
import type { SessionId } from '../../../src/protocol/ids.js';
import type { OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';

export function removalRules(open: OpenStore): void {
  describe('kick, ban, revoke, mint', () => {
    const on = f.useStore(open);
    const kick = (sessionId: SessionId, selector: UserSelector, ban = false): Promise<KickResult> =>
      on.relay.kick({ sessionId, scope: f.ACME, selector, ban });

    test.each(['index', 'user_id', 'token'] as const)(
      'ST38 a kick by %s takes member, seat and authorization, and raises the generation',
      async (by) => {
        const session = f.newSession({ maxUsers: 1 });
        const seat = f.newSeat();
        await on.relay.create(session, [seat]);
        const request = f.joinRequest(session.id, f.pair(session, seat), { resumeHash: 'h1' });
        const member = f.joinedOf(await on.relay.join(request));
        const selectors = {
          index: { by: 'index', index: member.index },
          user_id: { by: 'user_id', ...seat },
          token: { by: 'token', ...seat },
        } as const;
        const selector = selectors[by];
        expect(await kick(session.id, selector)).toEqual({
          outcome: 'kicked',
          removed: { userId: seat.userId, index: member.index, host: { index: null, term: 1 } },
        });
        expect(await on.relay.get(session.id, 'all')).toMatchObject({ session: { generation: 2 }, seats: [] });
        expect(await kick(session.id, selector)).toEqual({ outcome: 'no_match' });
        expect(await on.relay.join(request)).toEqual(f.refused('credential_revoked'));
        const resume = f.joinRequest(session.id, f.resume(member.index, 'h1'));
        expect(await on.relay.join(resume)).toEqual(f.refused('credential_invalid'));
        const stale = f.joinRequest(session.id, f.minted(seat.userId, { generation: 1 }));
        expect(await on.relay.join(stale)).toEqual(f.refused('credential_revoked'));
        expect(await on.relay.away(f.holdOf(session.id, member))).toBe(false);
        expect(await f.joinMinted(on.relay, session.id)).toMatchObject({ isNewMember: true, index: 1 });
      },
    );

    test('ST38 a kick of a listed user that has not joined, or has left, gives back the seat it holds, if it holds one', async () => {
      const session = f.newSession({ maxUsers: 2 });
      const [waiting, left] = [f.newSeat(), f.newSeat()];
      await on.relay.create(session, [waiting, left]);
      const member = await f.joinPair(on.relay, session, left);
      await on.relay.leave(f.holdOf(session.id, member), 'left');
      for (const { userId } of [waiting, left]) {
        expect(await kick(session.id, { by: 'user_id', userId })).toMatchObject({ removed: { userId, index: null } });
      }
      await f.joinMinted(on.relay, session.id);
      await f.joinMinted(on.relay, session.id);
      const third = await on.relay.join(f.joinRequest(session.id, f.minted(f.userId())));
      expect(third).toEqual(f.refused('session_full'));
    });

    test('ST38 a kicked away member is not given back twice', async () => {
      const session = f.newSession({ maxUsers: 2 });
      await on.relay.create(session, []);
      const member = await f.joinMinted(on.relay, session.id);
      await f.joinMinted(on.relay, session.id);
      await on.relay.away(f.holdOf(session.id, member));
      await kick(session.id, { by: 'index', index: member.index });
      on.clock.advance(f.WINDOW_MS);
      await f.joinMinted(on.relay, session.id);
      const more = await on.relay.join(f.joinRequest(session.id, f.minted(f.userId())));
      expect(more).toEqual(f.refused('session_full'));
    });

    test('ST39 a kick by user id of nobody there still kills what was minted for it; by other names it changes nothing', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      const user = f.userId();
      expect(await kick(session.id, { by: 'user_id', userId: user })).toEqual({ outcome: 'no_match' });
      const join = (generation: number) => on.relay.join(f.joinRequest(session.id, f.minted(user, { generation })));
      expect(await join(1)).toEqual(f.refused('credential_revoked'));
      expect(await kick(session.id, { by: 'token', token: f.token() })).toEqual({ outcome: 'no_match' });
      expect(await kick(session.id, { by: 'index', index: f.index(0) }, true)).toEqual({ outcome: 'no_match' });
      expect(await on.relay.mint(session.id, 'all', user)).toMatchObject({ outcome: 'mintable', generation: 2 });
      expect(await join(2)).toMatchObject({ outcome: 'joined' });
      const unknown = await kick(f.sessionId(), { by: 'user_id', userId: user });
      expect(unknown).toEqual({ outcome: 'session_not_found' });
    });

    test('ST40 a ban refuses the user id from then on, there or not; others are not touched', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      const [there, absent, other] = [f.userId(), f.userId(), f.userId()];
      const member = await f.joinMinted(on.relay, session.id, there);
      expect(await kick(session.id, { by: 'index', index: member.index }, true)).toMatchObject({ outcome: 'kicked' });
      expect(await kick(session.id, { by: 'user_id', userId: absent }, true)).toEqual({ outcome: 'no_match' });
      for (const user of [there, absent]) {
        expect(await on.relay.mint(session.id, 'all', user)).toEqual({ outcome: 'banned' });
        expect(await on.relay.join(f.joinRequest(session.id, f.minted(user)))).toEqual(f.refused('banned'));
      }
      expect(await on.relay.mint(session.id, 'all', other)).toMatchObject({ outcome: 'mintable' });
    });

    test('ST41 revoke takes the user of a token and says what is left; the token is remembered', async () => {
      const session = f.newSession();
      const [seat, kept] = [f.newSeat(), f.newSeat()];
      await on.relay.create(session, [seat, kept]);
      const member = await f.joinPair(on.relay, session, seat);
      const heir = await f.joinPair(on.relay, session, kept);
      const result = await on.relay.revoke(session.id, f.ACME, seat.token);
      const left = f.sure(await on.relay.get(session.id, 'all'));
      expect(result).toEqual({
        outcome: 'revoked',
        removed: { userId: seat.userId, index: member.index, host: { index: heir.index, term: 2 } },
        session: left.session,
        seats: left.seats,
      });
      expect(left).toMatchObject({ session: { generation: 2 }, seats: [{ userId: kept.userId }] });
      expect(await on.relay.revoke(session.id, f.ACME, seat.token)).toEqual({ outcome: 'revoked_before' });
      expect(await on.relay.revoke(session.id, f.ACME, f.token())).toEqual({ outcome: 'token_not_found' });
      expect(await on.relay.revoke(f.sessionId(), f.ACME, kept.token)).toEqual({ outcome: 'session_not_found' });
    });

    test("ST41 a kicked listed user's token counts as revoked before", async () => {
      const session = f.newSession();
      const seat = f.newSeat();
      await on.relay.create(session, [seat]);
      await kick(session.id, { by: 'user_id', userId: seat.userId });
      expect(await on.relay.revoke(session.id, 'all', seat.token)).toEqual({ outcome: 'revoked_before' });
    });

    test('ST42 mint says the generation and the end of the session, and takes no seat', async () => {
      const session = f.newSession({ maxUsers: 1 });
      const { session: created } = await on.relay.create(session, []);
      for (let at = 0; at < 3; at += 1) {
        expect(await on.relay.mint(session.id, f.ACME, f.userId())).toEqual({
          outcome: 'mintable',
          generation: created.generation,
          expiresAtMs: created.expiresAtMs,
        });
      }
      await f.joinMinted(on.relay, session.id);
    });
  });
}
