import { describe, expect, test } from 'vitest';
import type { OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';
import * as i from './identity-fixtures.js';

export function userSessionExpiryRules(open: OpenStore): void {
  const on = f.useStore(open);

  describe('the time of user sessions', () => {
    test('IS16 one whose time is up is expired, or abandoned when that came first, for every method, swept or not', async () => {
      const { userSessions } = on.all.store;
      const { id: deviceId } = await userSessions.createDevice(i.deviceId(), i.LIFETIME_MS * 2);
      const userId = i.directoryUserId();
      const abandoned = await i.openSession(userSessions, { deviceId, userId, inactivityMs: 1_000 });
      const expired = await i.openSession(userSessions, { deviceId, userId, lifetimeMs: 1_000 });
      const both = await i.openSession(userSessions, { deviceId, userId, lifetimeMs: 1_000, inactivityMs: 1_000 });
      on.clock.advance(999);
      expect((await userSessions.list({ userId, status: 'active', limit: 9 })).sessions).toHaveLength(3);
      on.clock.advance(500);
      const updatedAtMs = abandoned.abandonAtMs;
      const expected = [
        { ...abandoned, status: 'abandoned', updatedAtMs },
        { ...expired, status: 'expired', updatedAtMs },
        { ...both, status: 'expired', updatedAtMs },
      ];
      const expectTruth = async (): Promise<void> => {
        for (const session of expected) {
          expect(await userSessions.get(session.id)).toEqual(session);
          const notActive = { outcome: 'not_active', session };
          expect(await userSessions.change(session.id, { touch: { inactivityMs: 9_000 } })).toEqual(notActive);
          expect(await userSessions.finish(session.id, 'ended')).toEqual(notActive);
        }
        expect((await userSessions.device(deviceId))?.sessions).toEqual(expected);
        expect((await userSessions.list({ userId, limit: 9 })).sessions).toEqual([...expected].reverse());
        expect((await userSessions.list({ status: 'abandoned', limit: 9 })).sessions).toEqual(expected.slice(0, 1));
        expect((await userSessions.list({ userId, status: 'active', limit: 9 })).sessions).toEqual([]);
        expect(await userSessions.finishAllOf(userId, 'revoked', 'any')).toEqual([]);
      };
      await expectTruth();
      const swept = await userSessions.sweepDue(10);
      expect(swept).toHaveLength(3);
      expect(swept).toEqual(expect.arrayContaining(expected));
      await expectTruth();
    });

    test('IS17 two sweepers at once name each of 500 due sessions to one of them', async () => {
      const { userSessions } = on.all.store;
      const due = await Promise.all(i.times(500, () => i.openSession(userSessions, { inactivityMs: 1_000 })));
      const alive = await i.openSession(userSessions);
      expect(await userSessions.sweepDue(10)).toEqual([]);
      on.clock.advance(1_000);
      const named: string[] = [];
      for (let round = 0; round < 4; round += 1) {
        const [one, two] = await Promise.all([userSessions.sweepDue(100), userSessions.sweepDue(100)]);
        expect(one.length).toBeLessThanOrEqual(100);
        named.push(...i.idsOf([...one, ...two]));
      }
      expect(named).toHaveLength(500);
      expect(new Set(named)).toEqual(new Set(i.idsOf(due)));
      expect(await userSessions.get(alive.id)).toMatchObject({ status: 'active' });
    });

    test('IS18 a touched session is swept at its new time, later or earlier, and one that was ended never', async () => {
      const { userSessions } = on.all.store;
      const touch = (inactivityMs: number) => ({ touch: { inactivityMs } });
      const later = await i.openSession(userSessions, { inactivityMs: 1_000 });
      const earlier = await i.openSession(userSessions, { inactivityMs: 9_000 });
      const ended = await i.openSession(userSessions, { inactivityMs: 1_000 });
      const userId = i.directoryUserId();
      for (let at = 0; at < 3; at += 1) await i.openSession(userSessions, { userId, inactivityMs: 1_000 });
      on.clock.advance(500);
      await userSessions.change(later.id, touch(2_000));
      await userSessions.change(earlier.id, touch(500));
      await userSessions.finish(ended.id, 'ended');
      const replacing = await userSessions.open(i.newUserSession({ userId }), { max: 2, whenFull: 'replace_old' });
      expect(replacing).toMatchObject({ replaced: [{}, {}] });
      expect(await userSessions.finishAllOf(userId, 'revoked', 'any')).toHaveLength(2);
      on.clock.advance(500);
      expect(i.idsOf(await userSessions.sweepDue(10))).toEqual([earlier.id]);
      on.clock.advance(1_499);
      expect(await userSessions.sweepDue(10)).toEqual([]);
      on.clock.advance(1);
      expect(i.idsOf(await userSessions.sweepDue(10))).toEqual([later.id]);
      on.clock.advance(i.INACTIVITY_MS);
      expect(await userSessions.sweepDue(10)).toEqual([]);
    });

    test('IS18 one that is removed after its time and before the sweep is named all the same', async () => {
      const { userSessions } = on.all.store;
      const { id } = await i.openSession(userSessions, { inactivityMs: 1_000 });
      on.clock.advance(1_000);
      expect(await userSessions.finish(id, 'removed')).toMatchObject({ outcome: 'not_active' });
      expect(await userSessions.sweepDue(10)).toMatchObject([{ id, status: 'removed' }]);
      expect(await userSessions.sweepDue(10)).toEqual([]);
    });

    test('IS19 a session that is over is kept for 24 h from its end, and then forgotten', async () => {
      const { userSessions } = on.all.store;
      const { id: deviceId } = await userSessions.createDevice(i.deviceId(), i.KEPT_MS * 2);
      const userId = i.directoryUserId();
      const ended = await i.openSession(userSessions, { userId, deviceId });
      const abandoned = await i.openSession(userSessions, { userId, deviceId, inactivityMs: 1_000 });
      on.clock.advance(1_000);
      await userSessions.finish(ended.id, 'ended');
      await userSessions.sweepDue(10);
      on.clock.advance(i.KEPT_MS - 1);
      expect(await userSessions.get(ended.id)).toMatchObject({ status: 'ended' });
      expect(await userSessions.get(abandoned.id)).toMatchObject({ status: 'abandoned' });
      on.clock.advance(1);
      await userSessions.sweepDue(10);
      for (const { id } of [ended, abandoned]) {
        expect(await userSessions.get(id)).toBeNull();
        expect(await userSessions.finish(id, 'removed')).toEqual({ outcome: 'not_found' });
        expect(await userSessions.change(id, {})).toEqual({ outcome: 'not_found' });
      }
      expect((await userSessions.device(deviceId))?.sessions).toEqual([]);
      expect((await userSessions.list({ limit: 10 })).sessions).toEqual([]);
      const next = await i.openSession(userSessions, { userId, deviceId });
      expect((await userSessions.list({ userId, limit: 10 })).sessions).toEqual([next]);
      expect((await userSessions.device(deviceId))?.sessions).toEqual([next]);
    });
  });
}
