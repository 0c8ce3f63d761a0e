import { describe, expect, test } from 'vitest';
import type { UserSelector } from '../../../src/ports/relay-seat.js';
import type { SessionId } from '../../../src/protocol/ids.js';
import type { OpenStore } from '../../support/stores.js';
import { DEPLOYMENT, dispatch, logged, told } from './event-fixtures.js';
import * as f from './fixtures.js';
import { again, newGroup, newWallet } from './group-rules.js';
import { newUser } from './identity-fixtures.js';

export function userEventRules(open: OpenStore): void {
  describe('events of users of a session', () => {
    const on = f.useStore(open);
    const toldOf = ({ id }: { readonly id: SessionId }) => told(on.all.store, id);
    const kick = (sessionId: SessionId, selector: UserSelector, ban = false, isOwnWish = false) =>
      on.relay.kick({ sessionId, scope: f.ACME, selector, ban, isOwnWish });

    test('EV11 an authorized user has an event; a refused one has none', async () => {
      const session = f.newSession({ maxUsers: 1 });
      const seat = f.newSeat();
      await on.relay.create(session, []);
      await on.relay.authorize(session.id, f.ACME, seat);
      await on.relay.authorize(session.id, f.ACME, seat);
      await on.relay.authorize(session.id, f.ACME, f.newSeat());
      await on.relay.authorize(session.id, f.OTHER, f.newSeat());
      const { userId, address } = seat;
      expect(await toldOf(session)).toEqual([{ type: 'user.authorized', userId, address, wallet: null }]);
    });

    test('EV11 so has a wallet that takes a seat of a group; a seat that it replaces is revoked first', async () => {
      const { session, creator } = await newGroup(on.relay);
      const wallet = newWallet();
      await f.joinMinted(on.relay, session.id, creator.userId);
      await on.relay.enrol(session.id, wallet);
      await on.relay.enrol(session.id, again(wallet));
      const member = await f.joinMinted(on.relay, session.id, wallet.userId);
      await on.relay.leave(f.holdOf(session.id, member), 'left');
      const before = (await toldOf(session)).length;
      const second = again(wallet);
      await on.relay.enrol(session.id, second);
      const events = await toldOf(session);
      const authorized = { type: 'user.authorized', address: null, wallet: wallet.group.wallet };
      expect(events.filter(({ type }) => type === 'user.authorized')).toEqual([
        { ...authorized, userId: wallet.userId },
        { ...authorized, userId: second.userId },
      ]);
      expect(events.slice(before)).toEqual([
        { type: 'user.revoked', userId: wallet.userId },
        { ...authorized, userId: second.userId },
      ]);
    });

    test('EV12 a revoked user has an event, then the member, then the host', async () => {
      const session = f.newSession();
      const [seat, absent] = [f.newSeat(), f.newSeat()];
      await on.relay.create(session, [seat, absent]);
      await f.joinPair(on.relay, session, seat);
      const heir = await f.joinMinted(on.relay, session.id);
      const before = (await toldOf(session)).length;
      for (const { token } of [seat, seat, absent]) await on.relay.revoke(session.id, f.ACME, token);
      await on.relay.revoke(session.id, f.ACME, f.token());
      expect((await toldOf(session)).slice(before)).toEqual([
        { type: 'user.revoked', userId: seat.userId },
        { type: 'member.left', why: 'revoked', userId: seat.userId, index: 0 },
        { type: 'host.changed', userId: heir.userId, index: 1, term: 2 },
        { type: 'user.revoked', userId: absent.userId },
      ]);
    });

    test('EV13 a kicked member has left, by kick or by its own wish; a user who was no member is revoked', async () => {
      const session = f.newSession();
      const [absent, gone] = [f.newSeat(), f.newSeat()];
      await on.relay.create(session, [absent, gone]);
      const kicked = await f.joinMinted(on.relay, session.id);
      const leaving = await f.joinMinted(on.relay, session.id);
      const member = await f.joinPair(on.relay, session, gone);
      await on.relay.leave(f.holdOf(session.id, member), 'left');
      const before = (await toldOf(session)).length;
      await kick(session.id, { by: 'index', index: kicked.index });
      await kick(session.id, { by: 'user_id', userId: leaving.userId }, false, true);
      await kick(session.id, { by: 'token', token: absent.token });
      await kick(session.id, { by: 'user_id', userId: gone.userId });
      expect((await toldOf(session)).slice(before)).toEqual([
        { type: 'member.left', why: 'kicked', userId: kicked.userId, index: 0 },
        { type: 'host.changed', userId: leaving.userId, index: 1, term: 2 },
        { type: 'member.left', why: 'left', userId: leaving.userId, index: 1 },
        { type: 'host.changed', userId: null, index: null, term: 2 },
        { type: 'user.revoked', userId: absent.userId },
        { type: 'user.revoked', userId: gone.userId },
      ]);
    });

    test('EV13 a kick that finds nobody has no event', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      await kick(session.id, { by: 'user_id', userId: f.userId() });
      await kick(session.id, { by: 'index', index: f.index(3) }, true);
      await kick(session.id, { by: 'token', token: f.token() }, true);
      expect(await toldOf(session)).toEqual([]);
    });

    test('EV14 a banned user has one event, there or not, before the member leaves by ban', async () => {
      const session = f.newSession();
      const [absent, stranger] = [f.newSeat(), f.userId()];
      await on.relay.create(session, [absent]);
      const member = await f.joinMinted(on.relay, session.id);
      const before = (await toldOf(session)).length;
      await kick(session.id, { by: 'index', index: member.index }, true);
      for (const userId of [absent.userId, stranger, stranger, member.userId]) {
        await kick(session.id, { by: 'user_id', userId }, true);
      }
      expect((await toldOf(session)).slice(before)).toEqual([
        { type: 'user.banned', userId: member.userId },
        { type: 'member.left', why: 'banned', userId: member.userId, index: 0 },
        { type: 'host.changed', userId: null, index: null, term: 1 },
        { type: 'user.banned', userId: absent.userId },
        { type: 'user.banned', userId: stranger },
      ]);
    });

    test('EV15 a user of the directory who becomes banned has an event of the deployment', async () => {
      const { directory } = on.all.store;
      const [user, born] = [newUser(), newUser({ banned: true })];
      await directory.putUser(user);
      await directory.putUser({ ...user, version: 2, banned: true });
      await directory.putUser({ ...user, version: 2, banned: true });
      await directory.putUser({ ...user, version: 3, banned: true, firstName: 'Ann' });
      await directory.putUser({ ...user, version: 4, banned: false });
      await directory.putUser({ ...user, version: 5, banned: true });
      await directory.putUser(born);
      await dispatch(on.all.store);
      const events = await logged(on.all.store, DEPLOYMENT);
      expect(events.map(({ facts }) => facts)).toEqual(
        expect.arrayContaining([user, user, born].map(({ id }) => ({ type: 'user.banned', userId: id }))),
      );
      expect(events).toHaveLength(3);
      expect(events[0]).toMatchObject({ sequence: null, projectId: null, sessionId: null });
    });
  });
}
