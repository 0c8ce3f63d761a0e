import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HeldSession, Restoration } from '../../../src/ports/relay-home.js';
import type { RelayStore } from '../../../src/ports/relay-store.js';
import type { OpenedStore, OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';
import { checkOne, claim, heldOf } from './home-rules.js';

function restoration(held: HeldSession, change: Partial<Restoration> = {}): Restoration {
  return { ...held, leftMs: 60_000, nextIndex: 3, instead: null, ...change };
}

export function restoreRules(open: OpenStore): void {
  describe('a session that its home puts back', () => {
    const on = f.useStore(open);
    /** A store that knows nothing of what the other was told. */
    let empty: OpenedStore;
    let relay: RelayStore;

    beforeEach(async () => {
      empty = await open();
      relay = empty.store.relay;
    });

    afterEach(() => empty.close());

    /** A listed member, a minted one that is away, one who was listed and never came, and two who may not come back. */
    async function told() {
      const session = f.newSession({ maxUsers: 5, metadata: { of: 'tests' }, webhookUrl: 'https://hook.example.com/' });
      const { id } = session;
      const [listed, absent, revoked] = [f.newSeat(), f.newSeat(), f.newSeat()];
      await on.relay.create(session, [listed, absent, revoked]);
      const secrets = { first: 'hash of the first', second: 'hash of the second' };
      const host = f.joinedOf(
        await on.relay.join(f.joinRequest(id, f.pair(session, listed), { resumeHash: secrets.first })),
      );
      const user = f.userId();
      const minted = f.joinedOf(
        await on.relay.join(f.joinRequest(id, f.minted(user, { generation: 1 }), { resumeHash: secrets.second })),
      );
      await on.relay.away(f.holdOf(id, minted));
      const banned = f.userId();
      await on.relay.kick({ sessionId: id, scope: 'all', selector: { by: 'user_id', userId: banned }, ban: true });
      await on.relay.revoke(id, 'all', revoked.token);
      on.clock.advance(10_000);
      const held = await heldOf(on.relay, id);
      return { session, id, listed, absent, revoked, secrets, host, minted, banned, held };
    }

    test('ST67 it is as it was: settings, seats, host and term, home and epoch; its end and its windows by their time left', async () => {
      const { id, held, minted } = await told();
      const before = f.sure(await on.relay.get(id, 'all'));
      expect(await relay.restore(restoration(held))).toBe(true);
      const nowMs = empty.clock.nowMs();
      const back = f.sure(await relay.get(id, 'all'));
      const { generation } = back.session;
      expect(back.session).toEqual({ ...before.session, generation, expiresAtMs: nowMs + 60_000 });
      const awayUntilMs = nowMs + f.WINDOW_MS - 10_000;
      expect(back.seats).toEqual(
        before.seats.map((seat) =>
          seat.userId === minted.userId ? { ...seat, member: { ...seat.member, awayUntilMs } } : seat,
        ),
      );
      expect(await relay.list({ scope: 'all', from: { offset: 0 }, limit: 5 })).toMatchObject({ totalCount: 1 });
      empty.clock.advance(60_000);
      expect(await relay.get(id, 'all')).toBeNull();
      expect(await relay.sweepExpired(5)).toEqual([id]);
    });

    test('ST67 members resume with the tokens they have, listed users come, and no index is given twice', async () => {
      const { session, id, listed, absent, secrets, host, minted, held } = await told();
      await relay.restore(restoration(held));
      const resumed = await relay.join(f.joinRequest(id, f.resume(minted.index, secrets.second)));
      expect(resumed).toMatchObject({ outcome: 'joined', userId: minted.userId, isNewMember: false, connection: 2 });
      expect(await relay.join(f.joinRequest(id, f.resume(host.index, secrets.first)))).toMatchObject({
        outcome: 'joined',
        host: { index: host.index, term: 1 },
      });
      expect(await relay.join(f.joinRequest(id, f.resume(host.index, secrets.second)))).toEqual(
        f.refused('credential_invalid'),
      );
      expect(await relay.join(f.joinRequest(id, f.pair(session, listed)))).toMatchObject({ isNewMember: false });
      expect(await f.joinPair(relay, session, absent)).toMatchObject({ isNewMember: true, index: 3 });
      await relay.leave(f.holdOf(id, { ...f.joinedOf(resumed) }), 'left');
      expect((await relay.get(id, 'all'))?.seats).toHaveLength(2);
    });

    test('ST67 the longest membership follows the host; seats are as many as before, and every index was given when they say so', async () => {
      const session = f.newSession({ maxUsers: 2 });
      await on.relay.create(session, []);
      const first = await f.joinMinted(on.relay, session.id);
      on.clock.advance(1);
      const second = await f.joinMinted(on.relay, session.id);
      const held = await heldOf(on.relay, session.id);
      const reversed = { ...held, seats: [...held.seats].reverse() };
      await relay.restore(restoration(reversed, { nextIndex: 65_534, leftMs: f.TTL_MS }));
      const { generation } = f.sure(await relay.get(session.id, 'all')).session;
      const another = f.joinRequest(session.id, f.minted(f.userId(), { generation }));
      expect(await relay.join(another)).toEqual(f.refused('session_full'));
      expect(await relay.leave(f.holdOf(session.id, first), 'left')).toMatchObject({
        host: { index: second.index, term: 2 },
      });
      // A seat is free, and no index has rested for long enough.
      expect(await relay.join(another)).toEqual(f.refused('session_full'));
      empty.clock.advance(5 * 60_000);
      expect(await relay.join(another)).toMatchObject({ outcome: 'joined', index: first.index });
    });

    test('ST68 where nothing was left, revoked, banned and minted credentials are dead; new ones, and those that a bar names, count', async () => {
      const { session, id, revoked, banned, minted, held } = await told();
      const named = { kind: 'removed', userId: minted.userId, generation: 1, reason: null } as const;
      await relay.restore(restoration(held, { bars: [...held.bars, named] }));
      const join = (userId: typeof banned, generation: number) =>
        relay.join(f.joinRequest(id, f.minted(userId, { generation })));
      expect(await relay.join(f.joinRequest(id, f.pair(session, revoked)))).toMatchObject({ outcome: 'refused' });
      expect(await join(banned, 1e15)).toEqual(f.refused('banned'));
      expect(await join(f.userId(), 1_000_000)).toEqual(f.refused('credential_revoked'));
      expect(await join(minted.userId, 1)).toMatchObject({ outcome: 'joined', isNewMember: false });
      const user = f.userId();
      const mint = await relay.mint(id, 'all', user);
      expect(mint).toMatchObject({ outcome: 'mintable' });
      expect(await join(user, mint.outcome === 'mintable' ? mint.generation : 0)).toMatchObject({ isNewMember: true });
      const kick = { sessionId: id, scope: 'all', selector: { by: 'user_id', userId: user }, ban: false } as const;
      await relay.kick(kick);
      expect(await join(user, mint.outcome === 'mintable' ? mint.generation : 0)).toEqual(
        f.refused('credential_revoked'),
      );
    });

    test('ST69 it replaces the revision that was read, and none else; not one that is over, nor one of another home', async () => {
      const { id, held } = await told();
      const there = { instead: held.revision };
      expect(await on.relay.restore(restoration(held))).toBe(false);
      expect(await on.relay.restore(restoration(held, { instead: held.revision - 1 }))).toBe(false);
      expect(await relay.restore(restoration(held, there))).toBe(false);
      const elsewhere = { ...held, session: { ...held.session, homeNodeId: f.ELSEWHERE } };
      expect(await on.relay.restore(restoration(elsewhere, there))).toBe(false);
      expect((await heldOf(on.relay, id)).session).toEqual(held.session);
      await on.relay.claimHome(id, f.homeNow(f.HERE), f.HERE);
      expect(await on.relay.restore(restoration(held, there))).toBe(false);
      await on.relay.end(id, 'all');
      expect(await on.relay.restore(restoration(held))).toBe(false);
      expect(await on.relay.get(id, 'all')).toBeNull();
    });

    test('ST70 over a part that was lost: who is put back is back, and what was minted and barred counts on', async () => {
      const { id, held, banned, minted } = await told();
      const user = f.userId();
      await on.relay.kick({
        sessionId: id,
        scope: 'all',
        selector: { by: 'user_id', userId: minted.userId },
        ban: false,
      });
      const now = await heldOf(on.relay, id);
      expect(await on.relay.restore(restoration({ ...held, bars: [] }, { instead: now.revision }))).toBe(true);
      const back = await heldOf(on.relay, id);
      expect(back.session).toEqual({
        ...held.session,
        generation: now.session.generation,
        expiresAtMs: expect.any(Number),
      });
      expect(back.revision).toBeGreaterThan(now.revision);
      expect(back.seats).toEqual(held.seats);
      expect(back.bars).toEqual(now.bars);
      const joined = await on.relay.join(f.joinRequest(id, f.minted(user, { generation: now.session.generation })));
      expect(joined).toMatchObject({ outcome: 'joined' });
      expect(await on.relay.join(f.joinRequest(id, f.minted(banned)))).toEqual(f.refused('banned'));
      expect((await checkOne(on.relay, claim(id, { revision: back.revision, members: 3 }))).state).toBe('same');
    });

    test('ST70 over an older epoch, as where nothing was left', async () => {
      const { id, held } = await told();
      const mine = { ...held, session: { ...held.session, homeEpoch: 2, homeNodeId: f.ELSEWHERE } };
      expect(await on.relay.restore(restoration(mine, { instead: held.revision }))).toBe(true);
      expect((await on.relay.get(id, 'all'))?.session).toMatchObject({ homeEpoch: 2, homeNodeId: f.ELSEWHERE });
      const request = f.joinRequest(id, f.minted(f.userId(), { generation: 1_000 }), { nodeId: f.ELSEWHERE });
      expect(await on.relay.join(request)).toEqual(f.refused('credential_revoked'));
    });
  });
}
