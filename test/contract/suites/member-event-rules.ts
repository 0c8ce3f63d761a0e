import { describe, expect, test } from 'vitest';
import type { LeaveReason } from '../../../src/ports/relay-join.js';
import type { OpenStore } from '../../support/stores.js';
import { told } from './event-fixtures.js';
import * as f from './fixtures.js';
import { userSessionId } from './identity-fixtures.js';

export function memberEventRules(open: OpenStore): void {
  describe('events of members and hosts', () => {
    const on = f.useStore(open);
    const toldOf = ({ id }: { readonly id: Parameters<typeof told>[1] }) => told(on.all.store, id);

    test('EV6 a new member has joined; the event names the user session that it is bound to', async () => {
      const session = f.newSession();
      const [seat, user, bound] = [f.newSeat(), f.userId(), userSessionId()];
      await on.relay.create(session, [seat]);
      await f.joinPair(on.relay, session, seat);
      await on.relay.join(f.joinRequest(session.id, f.minted(user, { userSessionId: bound })));
      expect(await toldOf(session)).toEqual([
        { type: 'member.joined', userId: seat.userId, index: 0, userSessionId: null },
        { type: 'host.changed', userId: seat.userId, index: 0, term: 1 },
        { type: 'member.joined', userId: user, index: 1, userSessionId: bound },
      ]);
    });

    test('EV6 a member that was away is back; a replaced socket, a dry run and a refused join have no event', async () => {
      const session = f.newSession({ maxUsers: 1 });
      const user = f.userId();
      const bound = userSessionId();
      await on.relay.create(session, []);
      const request = f.joinRequest(session.id, f.minted(user, { userSessionId: bound }), { resumeHash: 'one' });
      const member = f.joinedOf(await on.relay.join(request));
      f.joinedOf(await on.relay.join(request));
      const third = f.joinedOf(await on.relay.join(request));
      await on.relay.join({ ...request, dryRun: true });
      await on.relay.join(f.joinRequest(session.id, f.minted(f.userId())));
      await on.relay.away(f.holdOf(session.id, third));
      await on.relay.join({ ...request, dryRun: true });
      await on.relay.join(f.joinRequest(session.id, f.resume(member.index, 'one')));
      const [, , ...later] = await toldOf(session);
      expect(later).toEqual([
        { type: 'member.away', why: 'socket_lost', userId: user, index: 0 },
        { type: 'member.back', userId: user, index: 0, userSessionId: bound },
      ]);
    });

    test('EV7 a member is away once, when its newest socket is lost', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      const member = await f.joinMinted(on.relay, session.id);
      const hold = f.holdOf(session.id, member);
      await on.relay.away({ ...hold, connection: 7 });
      await on.relay.away({ ...hold, homeEpoch: 0 });
      await on.relay.away(hold);
      await on.relay.away(hold);
      const [, , ...later] = await toldOf(session);
      expect(later).toEqual([{ type: 'member.away', why: 'socket_lost', userId: member.userId, index: 0 }]);
    });

    test('EV7 members that were connected to a lost home are away; those that were away have no second event', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      const [one, two, three] = [
        await f.joinMinted(on.relay, session.id),
        await f.joinMinted(on.relay, session.id),
        await f.joinMinted(on.relay, session.id),
      ];
      await on.relay.away(f.holdOf(session.id, two));
      const before = (await toldOf(session)).length;
      expect(await on.relay.claimHome(session.id, f.homeNow(f.ELSEWHERE), f.ELSEWHERE)).toBeNull();
      await on.relay.claimHome(session.id, f.homeNow(f.HERE), f.ELSEWHERE);
      expect((await toldOf(session)).slice(before)).toEqual([
        { type: 'member.away', why: 'home_lost', userId: one.userId, index: 0 },
        { type: 'member.away', why: 'home_lost', userId: three.userId, index: 2 },
      ]);
    });

    test.each<LeaveReason>(['left', 'timeout', 'revoked', 'ended'])(
      'EV8 a member that leaves for good has left, with the reason that its home gives: %s',
      async (why) => {
        const session = f.newSession();
        await on.relay.create(session, []);
        const host = await f.joinMinted(on.relay, session.id);
        const other = await f.joinMinted(on.relay, session.id);
        const before = (await toldOf(session)).length;
        await on.relay.leave({ ...f.holdOf(session.id, other), connection: 2 }, why);
        await on.relay.leave(f.holdOf(session.id, other), why);
        await on.relay.leave(f.holdOf(session.id, other), why);
        await on.relay.leave(f.holdOf(session.id, host), why);
        expect((await toldOf(session)).slice(before)).toEqual([
          { type: 'member.left', why, userId: other.userId, index: 1 },
          { type: 'member.left', why, userId: host.userId, index: 0 },
          { type: 'host.changed', userId: null, index: null, term: 1 },
        ]);
      },
    );

    test('EV9 members whose resume window is over have left by timeout, before the newcomer that needs the room', async () => {
      const session = f.newSession({ maxUsers: 3 });
      await on.relay.create(session, []);
      const [one, two, three] = [
        await f.joinMinted(on.relay, session.id),
        await f.joinMinted(on.relay, session.id),
        await f.joinMinted(on.relay, session.id),
      ];
      await on.relay.away(f.holdOf(session.id, two));
      on.clock.advance(1);
      await on.relay.away(f.holdOf(session.id, one));
      const before = (await toldOf(session)).length;
      on.clock.advance(f.WINDOW_MS);
      const newcomer = await f.joinMinted(on.relay, session.id);
      expect((await toldOf(session)).slice(before)).toEqual([
        { type: 'member.left', why: 'timeout', userId: two.userId, index: 1 },
        { type: 'member.left', why: 'timeout', userId: one.userId, index: 0 },
        { type: 'member.joined', userId: newcomer.userId, index: 3, userSessionId: null },
        { type: 'host.changed', userId: three.userId, index: 2, term: 2 },
      ]);
    });

    test('EV9 they have left also when the call that needed the room is refused in the end', async () => {
      const session = f.newSession({ maxUsers: 2 });
      await on.relay.create(session, []);
      const member = await f.joinMinted(on.relay, session.id);
      await f.joinMinted(on.relay, session.id);
      await on.relay.update(session.id, 'all', { maxUsers: 1 });
      await on.relay.away(f.holdOf(session.id, member));
      on.clock.advance(f.WINDOW_MS);
      const before = (await toldOf(session)).length;
      expect(await on.relay.authorize(session.id, f.ACME, f.newSeat())).toEqual({ outcome: 'session_full' });
      const [left, host, ...more] = (await toldOf(session)).slice(before);
      expect(left).toEqual({ type: 'member.left', why: 'timeout', userId: member.userId, index: 0 });
      expect(host).toMatchObject({ type: 'host.changed', index: 1, term: 2 });
      expect(more).toEqual([]);
    });

    test('EV10 the change of the host is the last event of its step, and one, however often the role moved', async () => {
      const session = f.newSession({ maxUsers: 1 });
      await on.relay.create(session, []);
      const first = await f.joinMinted(on.relay, session.id);
      await on.relay.away(f.holdOf(session.id, first));
      on.clock.advance(f.WINDOW_MS);
      const before = (await toldOf(session)).length;
      const second = await f.joinMinted(on.relay, session.id);
      const { host } = f.sure(await on.relay.get(session.id, 'all')).session;
      expect((await toldOf(session)).slice(before)).toEqual([
        { type: 'member.left', why: 'timeout', userId: first.userId, index: 0 },
        { type: 'member.joined', userId: second.userId, index: 1, userSessionId: null },
        { type: 'host.changed', userId: second.userId, ...host },
      ]);
    });

    test('EV10 a hand-over and a join as host change the host; a hand-over to oneself, or by nobody, does not', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      const one = await f.joinMinted(on.relay, session.id);
      const two = await f.joinMinted(on.relay, session.id);
      const before = (await toldOf(session)).length;
      await on.relay.handOverHost(session.id, f.HOME, { index: one.index, term: 1 }, one.index);
      await on.relay.handOverHost(session.id, f.HOME, { index: two.index, term: 1 }, one.index);
      await on.relay.handOverHost(session.id, f.HOME, { index: one.index, term: 1 }, two.index);
      const three = await f.joinMinted(on.relay, session.id, f.userId(), true);
      expect((await toldOf(session)).slice(before)).toEqual([
        { type: 'host.changed', userId: two.userId, index: 1, term: 2 },
        { type: 'member.joined', userId: three.userId, index: 2, userSessionId: null },
        { type: 'host.changed', userId: three.userId, index: 2, term: 3 },
      ]);
    });
  });
}
