import { describe, expect, test } from 'vitest';
import type { JoinCredential, JoinRequest } from '../../../src/ports/relay-join.js';
import type { SessionId } from '../../../src/protocol/ids.js';
import type { OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';

export function joinRules(open: OpenStore): void {
  describe('joins', () => {
    const on = f.useStore(open);
    const join = (id: SessionId, credential: JoinCredential, change: Partial<JoinRequest> = {}) =>
      on.relay.join(f.joinRequest(id, credential, change));

    test('ST21 a pair joins with both tokens right; else it is invalid, or revoked if it was', async () => {
      const session = f.newSession();
      const [seat, gone] = [f.newSeat(), f.newSeat()];
      await on.relay.create(session, [seat, gone]);
      await on.relay.revoke(session.id, 'all', gone.token);
      const sessionToken = session.authorizationToken;
      const wrong: readonly JoinCredential[] = [
        { kind: 'pair', sessionToken: f.token(), userToken: seat.token },
        { kind: 'pair', sessionToken: f.token(), userToken: gone.token },
        { kind: 'pair', sessionToken, userToken: f.token() },
        { kind: 'pair', sessionToken, userToken: sessionToken },
      ];
      for (const credential of wrong)
        expect(await join(session.id, credential)).toEqual(f.refused('credential_invalid'));
      expect(await join(session.id, f.pair(session, gone))).toEqual(f.refused('credential_revoked'));
      expect(await join(session.id, f.pair(session, seat))).toEqual({
        outcome: 'joined',
        userId: seat.userId,
        index: 0,
        connection: 1,
        joinedAtMs: on.clock.nowMs(),
        isNewMember: true,
        userSessionId: null,
        host: { index: 0, term: 1 },
      });
    });

    test('ST22 a minted credential joins unless its user is banned or was kicked after it was minted', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      const [user, other] = [f.userId(), f.userId()];
      expect(await join(session.id, f.minted(user, { generation: 1 }))).toMatchObject({ outcome: 'joined', index: 0 });
      await kick(user, false);
      expect(await join(session.id, f.minted(user, { generation: 1 }))).toEqual(f.refused('credential_revoked'));
      expect(await join(session.id, f.minted(other, { generation: 1 }))).toMatchObject({ outcome: 'joined', index: 1 });
      const mint = await on.relay.mint(session.id, 'all', user);
      const generation = mint.outcome === 'mintable' ? mint.generation : 0;
      expect(await join(session.id, f.minted(user, { generation }))).toMatchObject({ outcome: 'joined', index: 2 });
      await kick(user, true);
      expect(await join(session.id, f.minted(user, { generation }))).toEqual(f.refused('banned'));
      expect(await join(session.id, f.minted(user))).toEqual(f.refused('banned'));

      async function kick(userId: typeof user, ban: boolean): Promise<void> {
        const selector = { by: 'user_id', userId } as const;
        await on.relay.kick({ sessionId: session.id, scope: 'all', selector, ban });
      }
    });

    test("ST22 a minted credential for a listed user takes that user's seat", async () => {
      const session = f.newSession({ maxUsers: 1 });
      const seat = f.newSeat();
      await on.relay.create(session, [seat]);
      expect(await join(session.id, f.minted(seat.userId))).toMatchObject({ outcome: 'joined', isNewMember: true });
      expect(await f.seatOf(on.relay, session.id, seat.userId)).toMatchObject({
        token: seat.token,
        member: { index: 0 },
      });
    });

    test('ST23 a resume needs a member with that index and one of its two hashes, within the window', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      const member = f.joinedOf(await join(session.id, f.minted(f.userId()), { resumeHash: 'hash-1' }));
      const invalid = f.refused('credential_invalid');
      expect(await join(session.id, f.resume(member.index, 'hash-0'))).toEqual(invalid);
      expect(await join(session.id, f.resume(member.index, ''))).toEqual(invalid);
      expect(await join(session.id, f.resume(f.index(5), 'hash-1'))).toEqual(invalid);
      await on.relay.away(f.holdOf(session.id, member));
      on.clock.advance(f.WINDOW_MS - 1);
      const back = f.joinedOf(await join(session.id, f.resume(member.index, 'hash-1'), { resumeHash: 'hash-2' }));
      expect(back).toEqual({ ...member, connection: 2, isNewMember: false });
      await on.relay.away(f.holdOf(session.id, back));
      on.clock.advance(f.WINDOW_MS);
      expect(await join(session.id, f.resume(member.index, 'hash-2'))).toEqual(invalid);
      await on.relay.leave(f.holdOf(session.id, back), 'left');
      expect(await join(session.id, f.resume(member.index, 'hash-2'))).toEqual(invalid);
    });

    test('ST24 the newest resume hash counts and the one the current socket came with; a fresh credential ends both', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      const user = f.userId();
      const { index } = f.joinedOf(await join(session.id, f.minted(user), { resumeHash: 'h1' }));
      const resume = async (hash: string, next: string) =>
        (await join(session.id, f.resume(index, hash), { resumeHash: next })).outcome;
      expect(await resume('h1', 'h2')).toBe('joined'); // newest h2, previous h1
      expect(await resume('h1', 'h3')).toBe('joined'); // the answer with h2 was lost: newest h3, previous h1
      expect(await resume('h2', 'x')).toBe('refused');
      expect(await resume('h1', 'h4')).toBe('joined');
      expect(await resume('h4', 'h5')).toBe('joined'); // newest h5, previous h4
      expect(await resume('h1', 'x')).toBe('refused');
      expect(await resume('h4', 'h6')).toBe('joined');
      expect((await join(session.id, f.minted(user), { resumeHash: 'h7' })).outcome).toBe('joined');
      for (const old of ['h4', 'h5', 'h6', '']) expect(await resume(old, 'x')).toBe('refused');
      expect(await resume('h7', 'h8')).toBe('joined');
    });

    test('ST25 with enforceIp a seat with an address is only for that address, resumes and takeovers included', async () => {
      const session = f.newSession({ enforceIp: true });
      const seat = f.newSeat({ address: f.ADDRESS });
      await on.relay.create(session, [seat]);
      const elsewhere = { address: '203.0.113.8' };
      const credential = f.pair(session, seat);
      const refused = f.refused('address_not_allowed');
      expect(await join(session.id, credential, elsewhere)).toEqual(refused);
      const member = f.joinedOf(await join(session.id, credential, { resumeHash: 'h1' }));
      expect(await join(session.id, credential, elsewhere)).toEqual(refused);
      expect(await join(session.id, f.resume(member.index, 'h1'), elsewhere)).toEqual(refused);
      expect(await join(session.id, f.minted(seat.userId), elsewhere)).toEqual(refused);
      expect(await join(session.id, f.minted(f.userId()), elsewhere)).toMatchObject({ outcome: 'joined' });
      await on.relay.update(session.id, 'all', { enforceIp: false });
      expect(await join(session.id, credential, elsewhere)).toMatchObject({ outcome: 'joined' });
    });

    test('ST26 a session without a home is not linked; with another home the answer names it', async () => {
      const session = f.newSession({ homeNodeId: null });
      await on.relay.create(session, []);
      const user = f.userId();
      expect(await join(session.id, f.minted(user))).toEqual(f.refused('session_not_linked'));
      await on.relay.claimHome(session.id, f.homeNow(null), f.ELSEWHERE);
      expect(await join(session.id, f.minted(user))).toEqual({ outcome: 'home_elsewhere', homeNodeId: f.ELSEWHERE });
      expect(await join(session.id, f.minted(user), { nodeId: f.ELSEWHERE })).toMatchObject({ outcome: 'joined' });
    });

    test('ST27 a locked session takes nobody new; members come back, listed users that are not members do not', async () => {
      const session = f.newSession();
      const seat = f.newSeat();
      await on.relay.create(session, [seat]);
      const user = f.userId();
      const member = f.joinedOf(await join(session.id, f.minted(user), { resumeHash: 'h1' }));
      await on.relay.update(session.id, 'all', { locked: true });
      expect(await join(session.id, f.pair(session, seat))).toEqual(f.refused('session_locked'));
      expect(await join(session.id, f.minted(f.userId()))).toEqual(f.refused('session_locked'));
      expect(await join(session.id, f.minted(user), { resumeHash: 'h2' })).toMatchObject({ isNewMember: false });
      expect(await join(session.id, f.resume(member.index, 'h2'))).toMatchObject({ isNewMember: false });
    });

    test('ST28 the first check that fails decides: session, credential, address, home, lock, room', async () => {
      const session = f.newSession({ maxUsers: 1, homeNodeId: null, enforceIp: true, locked: true });
      const seat = f.newSeat();
      await on.relay.create(session, [seat]);
      const credential = f.pair(session, seat);
      const bad: JoinCredential = { kind: 'pair', sessionToken: session.authorizationToken, userToken: f.token() };
      expect(await join(f.sessionId(), bad)).toEqual(f.refused('session_not_found'));
      expect(await join(session.id, bad)).toEqual(f.refused('credential_invalid'));
      expect(await join(session.id, credential)).toEqual(f.refused('address_not_allowed'));
      expect(await join(session.id, f.minted(f.userId()))).toEqual(f.refused('session_not_linked'));
      await on.relay.claimHome(session.id, f.homeNow(null), f.ELSEWHERE);
      expect(await join(session.id, f.minted(f.userId()))).toMatchObject({ outcome: 'home_elsewhere' });
      await on.relay.claimHome(session.id, f.homeNow(f.ELSEWHERE), f.HERE);
      expect(await join(session.id, f.minted(f.userId()))).toEqual(f.refused('session_locked'));
      await on.relay.update(session.id, 'all', { locked: false });
      expect(await join(session.id, f.minted(f.userId()))).toEqual(f.refused('session_full'));
    });

    test('ST29 a member that joins again takes its seat over: same index, next connection, not away, even when full', async () => {
      const session = f.newSession({ maxUsers: 1 });
      const seat = f.newSeat();
      await on.relay.create(session, [seat]);
      const first = await f.joinPair(on.relay, session, seat);
      on.clock.advance(1_000);
      expect(await f.joinPair(on.relay, session, seat)).toEqual({ ...first, connection: 2, isNewMember: false });
      await on.relay.away({ ...f.holdOf(session.id, first), connection: 2 });
      on.clock.advance(f.WINDOW_MS + 1);
      expect(await f.joinPair(on.relay, session, seat)).toEqual({ ...first, connection: 3, isNewMember: false });
      expect(await f.seatOf(on.relay, session.id, seat.userId)).toMatchObject({ member: { awayUntilMs: null } });
      const other = await join(session.id, f.minted(f.userId()));
      expect(other).toEqual(f.refused('session_full'));
    });

    test('ST30 a dry run answers like the join it stands for, and changes nothing', async () => {
      const session = f.newSession({ maxUsers: 2 });
      const seat = f.newSeat();
      await on.relay.create(session, [seat]);
      const dryAndReal = async (credential: JoinCredential): Promise<void> => {
        const before = await on.relay.get(session.id, 'all');
        const dry = await join(session.id, credential, { dryRun: true, resumeHash: 'dry' });
        expect(await on.relay.get(session.id, 'all')).toEqual(before);
        expect(await join(session.id, credential, { resumeHash: 'real' })).toEqual(dry);
      };
      const user = f.userId();
      await dryAndReal(f.pair(session, seat));
      await dryAndReal(f.pair(session, seat));
      await dryAndReal(f.resume(f.index(0), 'real'));
      await dryAndReal(f.minted(user, { asHost: true }));
      await dryAndReal(f.minted(f.userId()));
      await dryAndReal(f.resume(f.index(1), 'dry'));
      await dryAndReal({ kind: 'pair', sessionToken: f.token(), userToken: f.token() });
      const member = f.joinedOf(await join(session.id, f.minted(user)));
      await on.relay.away(f.holdOf(session.id, member));
      on.clock.advance(f.WINDOW_MS);
      const late = f.minted(f.userId());
      const before = await on.relay.get(session.id, 'all');
      expect(await join(session.id, late, { dryRun: true })).toMatchObject({ outcome: 'joined', isNewMember: true });
      expect(await on.relay.get(session.id, 'all')).toEqual(before);
      expect(await join(session.id, late)).toMatchObject({ outcome: 'joined', isNewMember: true });
    });

    test('ST31 a full session first gives back the seats whose window has passed, and no other', async () => {
      const session = f.newSession({ maxUsers: 3 });
      const seat = f.newSeat();
      await on.relay.create(session, [seat]);
      const host = await f.joinPair(on.relay, session, seat);
      const [overdue, later] = [f.userId(), f.userId()];
      await on.relay.away(f.holdOf(session.id, await f.joinMinted(on.relay, session.id, overdue)));
      await on.relay.away(f.holdOf(session.id, host));
      on.clock.advance(10_000);
      await on.relay.away(f.holdOf(session.id, await f.joinMinted(on.relay, session.id, later)));
      const tryJoin = () => join(session.id, f.minted(f.userId()));
      expect(await tryJoin()).toEqual(f.refused('session_full'));
      on.clock.advance(f.WINDOW_MS - 10_000);
      expect(await tryJoin()).toMatchObject({ outcome: 'joined', host: { index: 2, term: 2 } });
      expect(await f.seatOf(on.relay, session.id, seat.userId)).toEqual({
        ...seat,
        held: false,
        group: null,
        member: null,
      });
      expect(await f.seatOf(on.relay, session.id, overdue)).toBeUndefined();
      expect(await f.seatOf(on.relay, session.id, later)).toMatchObject({ held: true });
      expect(await tryJoin()).toMatchObject({ outcome: 'joined' });
      expect(await tryJoin()).toEqual(f.refused('session_full'));
      expect(await join(session.id, f.pair(session, seat))).toEqual(f.refused('session_full'));
    });

    test('ST32 of 2,000 joins at once into 500 seats exactly 500 are admitted, each with an index of its own', async () => {
      const session = f.newSession({ maxUsers: 500 });
      await on.relay.create(session, []);
      const results = await Promise.all(Array.from({ length: 2_000 }, () => join(session.id, f.minted(f.userId()))));
      const joined = results.filter((result) => result.outcome === 'joined');
      expect(joined).toHaveLength(500);
      expect(new Set(joined.map(({ index }) => index)).size).toBe(500);
      const refusals = results.filter((result) => result.outcome === 'refused' && result.code === 'session_full');
      expect(refusals).toHaveLength(1_500);
      const held = (await on.relay.get(session.id, 'all'))?.seats.filter((seat) => seat.held);
      expect(held).toHaveLength(500);
    });

    test('ST32 it stays exact while members go away, resume, leave and run out of time in between', async () => {
      const session = f.newSession({ maxUsers: 500 });
      await on.relay.create(session, []);
      let present = 0;
      let most = 0;
      const one = async (n: number): Promise<void> => {
        const result = await join(session.id, f.minted(f.userId()), { resumeHash: `h${n}` });
        if (result.outcome !== 'joined') return;
        present += 1;
        most = Math.max(most, present);
        const hold = f.holdOf(session.id, result);
        if (n % 3 === 0) {
          // It frees its seat the moment it is decided, so it is not counted from before that on.
          present -= 1;
          expect(await on.relay.leave(hold, 'left')).toMatchObject({ outcome: 'left' });
          return;
        }
        expect(await on.relay.away(hold)).toBe(true);
        const back = f.joinedOf(await join(session.id, f.resume(result.index, `h${n}`), { resumeHash: `i${n}` }));
        expect(back).toMatchObject({ index: result.index, connection: 2 });
        if (n % 3 === 1) expect(await on.relay.away(f.holdOf(session.id, back))).toBe(true);
      };
      await Promise.all(Array.from({ length: 2_000 }, (_, n) => one(n)));
      const seats = async () => f.sure(await on.relay.get(session.id, 'all')).seats;
      const after = await seats();
      expect(most).toBeLessThanOrEqual(500);
      expect(after).toHaveLength(present);
      const away = after.filter((seat) => seat.member?.awayUntilMs !== null).length;
      expect(away).toBeGreaterThan(0);

      on.clock.advance(f.WINDOW_MS);
      const more = await Promise.all(Array.from({ length: 2_000 }, () => join(session.id, f.minted(f.userId()))));
      expect(more.filter(({ outcome }) => outcome === 'joined')).toHaveLength(500 - (after.length - away));
      expect(await seats()).toHaveLength(500);
    });
  });
}
