import { describe, expect, test } from 'vitest';
import type { UserSession } from '../../../src/ports/user-session-store.js';
import type { OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';
import * as i from './identity-fixtures.js';

const LIMIT = 5;

export function userSessionLimitRules(open: OpenStore): void {
  const on = f.useStore(open);

  async function activeOf(userId: UserSession['userId']): Promise<readonly UserSession[]> {
    return (await on.all.store.userSessions.list({ userId, status: 'active', limit: 2_000 })).sessions;
  }

  describe('the limit of sessions per user', () => {
    test('IS14 of 1,000 opens at once with reject_new exactly 5 open', async () => {
      const { userSessions } = on.all.store;
      const userId = i.directoryUserId();
      const limit = { max: LIMIT, whenFull: 'reject_new' } as const;
      const results = await Promise.all(i.times(1_000, () => userSessions.open(i.newUserSession({ userId }), limit)));
      expect(results.filter(({ outcome }) => outcome === 'opened')).toHaveLength(LIMIT);
      expect(results.filter(({ outcome }) => outcome === 'too_many_sessions')).toHaveLength(1_000 - LIMIT);
      expect(await activeOf(userId)).toHaveLength(LIMIT);
      expect((await userSessions.list({ userId, limit: 2_000 })).sessions).toHaveLength(LIMIT);
      const other = await userSessions.open(i.newUserSession(), limit);
      expect(other.outcome).toBe('opened');
    });

    test('IS14 of 1,000 opens at once with replace_old 5 are left, and each other one was replaced once', async () => {
      const { userSessions } = on.all.store;
      const userId = i.directoryUserId();
      const limit = { max: LIMIT, whenFull: 'replace_old' } as const;
      const results = await Promise.all(i.times(1_000, () => userSessions.open(i.newUserSession({ userId }), limit)));
      const opened = results.flatMap((result) => (result.outcome === 'opened' ? [result] : []));
      expect(opened).toHaveLength(1_000);
      const replaced = opened.flatMap((result) => i.idsOf(result.replaced));
      expect(replaced).toHaveLength(1_000 - LIMIT);
      const left = i.idsOf(await activeOf(userId));
      expect(left).toHaveLength(LIMIT);
      expect(new Set([...replaced, ...left]).size).toBe(1_000);
    });

    test('IS14 control: without a limit all of them open', async () => {
      const { userSessions } = on.all.store;
      const userId = i.directoryUserId();
      await Promise.all(i.times(100, () => userSessions.open(i.newUserSession({ userId }), i.NO_LIMIT)));
      expect(await activeOf(userId)).toHaveLength(100);
    });

    test('IS15 replaced are those that were active least lately, as many as the limit asks for', async () => {
      const { userSessions } = on.all.store;
      const userId = i.directoryUserId();
      const opened = [];
      for (let at = 0; at < 4; at += 1) opened.push(await i.openSession(userSessions, { userId }));
      on.clock.advance(1_000);
      await userSessions.change(f.sure(opened[0]).id, { touch: { inactivityMs: i.INACTIVITY_MS } });
      const limit = { max: 2, whenFull: 'replace_old' } as const;
      const result = await userSessions.open(i.newUserSession({ userId }), limit);
      if (result.outcome !== 'opened') throw new Error('it did not open');
      expect(i.idsOf(result.replaced)).toEqual(i.idsOf(opened.slice(1)));
      expect(result.replaced).toMatchObject(i.times(3, () => ({ status: 'replaced', updatedAtMs: on.clock.nowMs() })));
      expect(i.idsOf(await activeOf(userId))).toEqual([result.session.id, f.sure(opened[0]).id]);
    });

    test('IS15 sessions that are over, swept or not, take no place', async () => {
      const { userSessions } = on.all.store;
      const userId = i.directoryUserId();
      const limit = { max: 1, whenFull: 'reject_new' } as const;
      const first = await userSessions.open(i.newUserSession({ userId, inactivityMs: 1_000 }), limit);
      expect((await userSessions.open(i.newUserSession({ userId }), limit)).outcome).toBe('too_many_sessions');
      on.clock.advance(1_000);
      const second = await userSessions.open(i.newUserSession({ userId }), limit);
      if (first.outcome !== 'opened' || second.outcome !== 'opened') throw new Error('it did not open');
      await userSessions.finish(second.session.id, 'ended');
      expect((await userSessions.open(i.newUserSession({ userId }), limit)).outcome).toBe('opened');
      expect(i.idsOf(await userSessions.sweepDue(10))).toEqual([first.session.id]);
    });
  });
}
