import { describe, expect, test } from 'vitest';
import type { OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';

export function hostRules(open: OpenStore): void {
  describe('host and home', () => {
    const on = f.useStore(open);

    test('ST33 the first member becomes host in term 1; when the last leaves there is none, and the term rises with the next', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      const first = await f.joinMinted(on.relay, session.id);
      expect(first.host).toEqual({ index: first.index, term: 1 });
      const second = await f.joinMinted(on.relay, session.id);
      expect(second.host).toEqual(first.host);
      await on.relay.leave(f.holdOf(session.id, second), 'left');
      const left = await on.relay.leave(f.holdOf(session.id, first), 'left');
      expect(left).toEqual({ outcome: 'left', host: { index: null, term: 1 } });
      const third = await f.joinMinted(on.relay, session.id);
      expect(third.host).toEqual({ index: third.index, term: 2 });
    });

    test('ST34 when the host leaves, the member with the longest membership follows, away or not, and the term rises', async () => {
      const session = f.newSession();
      const seat = f.newSeat();
      await on.relay.create(session, [seat]);
      const host = await f.joinMinted(on.relay, session.id);
      const heir = await f.joinPair(on.relay, session, seat);
      const last = await f.joinMinted(on.relay, session.id, f.userId());
      await on.relay.away(f.holdOf(session.id, heir));
      expect(await on.relay.leave(f.holdOf(session.id, host), 'left')).toEqual({
        outcome: 'left',
        host: { index: heir.index, term: 2 },
      });
      const kicked = await on.relay.kick({
        sessionId: session.id,
        scope: 'all',
        selector: { by: 'token', token: seat.token },
        ban: false,
      });
      expect(kicked).toMatchObject({ removed: { host: { index: last.index, term: 3 } } });
      expect((await on.relay.get(session.id, 'all'))?.session.host).toEqual({ index: last.index, term: 3 });
    });

    test('ST34 membership counts from the join that began it: who left and came back is the youngest', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      const user = f.userId();
      const host = await f.joinMinted(on.relay, session.id, user);
      const second = await f.joinMinted(on.relay, session.id);
      await f.joinMinted(on.relay, session.id, user);
      await on.relay.leave({ ...f.holdOf(session.id, host), connection: 2 }, 'left');
      const back = await f.joinMinted(on.relay, session.id, user);
      const third = await f.joinMinted(on.relay, session.id);
      expect(third.host.index).toBe(second.index);
      const left = await on.relay.leave(f.holdOf(session.id, second), 'left');
      expect(left).toMatchObject({ host: { index: back.index, term: 3 } });
    });

    test('ST35 a minted credential with asHost takes the role when its member is new, not when it comes back', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      const [one, two] = [f.userId(), f.userId()];
      await f.joinMinted(on.relay, session.id, one);
      const host = await f.joinMinted(on.relay, session.id, two, true);
      expect(host.host).toEqual({ index: host.index, term: 2 });
      expect((await f.joinMinted(on.relay, session.id, one, true)).host).toEqual(host.host);
    });

    test('ST36 handOverHost changes the host if the giver is host in this term and the taker is a member', async () => {
      const session = f.newSession();
      await on.relay.create(session, []);
      const host = await f.joinMinted(on.relay, session.id);
      const other = await f.joinMinted(on.relay, session.id);
      const { id } = session;
      expect(await on.relay.handOverHost(id, f.HOME, { index: other.index, term: 1 }, other.index)).toBeNull();
      expect(await on.relay.handOverHost(id, f.HOME, { index: host.index, term: 2 }, other.index)).toBeNull();
      expect(await on.relay.handOverHost(id, f.HOME, { index: null, term: 1 }, other.index)).toBeNull();
      expect(await on.relay.handOverHost(id, f.HOME, host.host, f.index(77))).toBeNull();
      expect(await on.relay.handOverHost(id, f.HOME, host.host, host.index)).toEqual(host.host);
      const next = await on.relay.handOverHost(id, f.HOME, host.host, other.index);
      expect(next).toEqual({ index: other.index, term: 2 });
      expect(await on.relay.handOverHost(id, f.HOME, host.host, other.index)).toBeNull();
      expect((await on.relay.get(id, 'all'))?.session.host).toEqual(next);
    });

    test('ST37 claimHome is compare-and-set, raises the epoch, ends the error, and turns connected members away from now', async () => {
      const session = f.newSession();
      await on.relay.create(session, [f.newSeat()]);
      const { id } = session;
      const early = await f.joinMinted(on.relay, id, f.userId('early'));
      await f.joinMinted(on.relay, id, f.userId('late'));
      await on.relay.away(f.holdOf(id, early));
      const earlyUntilMs = on.clock.nowMs() + f.WINDOW_MS;
      on.clock.advance(1_000);
      expect(await on.relay.claimHome(id, f.homeNow(f.ELSEWHERE), f.HERE)).toBeNull();
      expect(await on.relay.claimHome(id, f.homeNow(null), f.ELSEWHERE)).toBeNull();
      expect(await on.relay.claimHome(f.sessionId(), f.homeNow(f.HERE), f.ELSEWHERE)).toBeNull();

      const claims = await Promise.all(
        [f.ELSEWHERE, f.nodeId('c'), f.nodeId('d')].map((to) => on.relay.claimHome(id, f.homeNow(f.HERE), to)),
      );
      const won = claims.filter((claim) => claim !== null);
      expect(won).toHaveLength(1);
      expect(won[0]).toEqual(await on.relay.get(id, 'all'));
      expect(won[0]).toMatchObject({
        session: { homeEpoch: 2, host: early.host },
        seats: [
          { member: null },
          { member: { awayUntilMs: earlyUntilMs, connection: 1 } },
          { member: { awayUntilMs: on.clock.nowMs() + f.WINDOW_MS, connection: 1 } },
        ],
      });
    });

    test('ST37 the first claim of a session that had no home makes epoch 1', async () => {
      const session = f.newSession({ homeNodeId: null, error: 'no node fits' });
      await on.relay.create(session, []);
      const claimed = await on.relay.claimHome(session.id, f.homeNow(null), f.HERE);
      expect(claimed?.session).toMatchObject({ homeNodeId: f.HERE, homeEpoch: 1, error: null });
    });
  });
}
