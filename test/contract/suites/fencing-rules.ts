import { describe, expect, test } from 'vitest';
import type { HeldSession, Restoration } from '../../../src/ports/relay-home.js';
import type { HomeHold } from '../../../src/ports/relay-session.js';
import type { OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';
import { checkOne, claim, heldOf } from './home-rules.js';

/** A home may act on what it knew before another node claimed its session: it was frozen, or its calls were slow. */
export function fencingRules(open: OpenStore): void {
  describe('a home of an older epoch', () => {
    const on = f.useStore(open);

    /** A session that went to another node and came back: the name of its home is the first one's, its epoch is not. */
    async function claimedBack() {
      const session = f.newSession();
      const { id } = session;
      await on.relay.create(session, []);
      const host = await f.joinMinted(on.relay, id);
      const other = await f.joinMinted(on.relay, id);
      const held = await heldOf(on.relay, id);
      await on.relay.claimHome(id, f.homeNow(f.HERE), f.ELSEWHERE);
      return { id, host, other, held };
    }

    async function comeBack(id: Awaited<ReturnType<typeof claimedBack>>['id']): Promise<HomeHold> {
      await on.relay.claimHome(id, f.homeNow(f.ELSEWHERE, 2), f.HERE);
      return { nodeId: f.HERE, homeEpoch: 3 };
    }

    function restorationOf(held: HeldSession): Restoration {
      return { ...held, leftMs: f.TTL_MS, nextIndex: 2, instead: held.revision };
    }

    test('FO4 gives back no seat and turns no member away', async () => {
      const { id, host } = await claimedBack();
      const hold = f.holdOf(id, host);
      expect(await on.relay.away(hold)).toBe(false);
      expect(await on.relay.leave(hold, 'left')).toEqual({ outcome: 'outdated' });
      const now = await comeBack(id);
      expect(await on.relay.away(hold)).toBe(false);
      expect(await on.relay.leave(hold, 'left')).toEqual({ outcome: 'outdated' });
      expect((await on.relay.get(id, 'all'))?.seats).toHaveLength(2);
      // The control: the home of the present epoch does both.
      expect(await on.relay.away({ ...hold, ...now })).toBe(true);
      expect(await on.relay.leave({ ...hold, ...now }, 'left')).toMatchObject({ outcome: 'left' });
    });

    test('FO4 hands over no host role', async () => {
      const { id, host, other } = await claimedBack();
      expect(await on.relay.handOverHost(id, f.HOME, host.host, other.index)).toBeNull();
      const now = await comeBack(id);
      expect(await on.relay.handOverHost(id, f.HOME, host.host, other.index)).toBeNull();
      expect((await on.relay.get(id, 'all'))?.session.host).toEqual(host.host);
      expect(await on.relay.handOverHost(id, now, host.host, other.index)).toEqual({ index: other.index, term: 2 });
    });

    test('FO4 restores nothing, and is told that the session is elsewhere', async () => {
      const { id, held } = await claimedBack();
      expect(await on.relay.restore(restorationOf(held))).toBe(false);
      const now = await comeBack(id);
      expect(await on.relay.restore(restorationOf(held))).toBe(false);
      expect(await checkOne(on.relay, claim(id, { homeEpoch: 1 }))).toEqual({ state: 'elsewhere' });
      const current = await on.relay.check(f.HERE, [claim(id, { homeEpoch: now.homeEpoch })]);
      expect(current).toMatchObject([{ state: 'changed' }]);
    });

    test('FO4 a claim from a home of an older epoch claims nothing', async () => {
      const { id } = await claimedBack();
      await comeBack(id);
      expect(await on.relay.claimHome(id, f.homeNow(f.HERE, 1), f.ELSEWHERE)).toBeNull();
      expect(await on.relay.claimHome(id, f.homeNow(f.HERE, 3), f.ELSEWHERE)).toMatchObject({
        session: { homeNodeId: f.ELSEWHERE, homeEpoch: 4 },
      });
    });
  });
}
