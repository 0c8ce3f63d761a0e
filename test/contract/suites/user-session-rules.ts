import { describe, expect, test } from 'vitest';
import type { UserSession } from '../../../src/ports/user-session-store.js';
import type { OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';
import * as i from './identity-fixtures.js';

export function userSessionRules(open: OpenStore): void {
  const on = f.useStore(open);

  describe('user sessions', () => {
    test('IS8 open returns what get returns: everything given, active, times by the store', async () => {
      const { userSessions } = on.all.store;
      const session = i.newUserSession({
        kind: 'login',
        organizationId: i.organizationId(),
        effectiveUserId: i.directoryUserId(),
        actorId: i.directoryUserId(),
        secretHash: 'aGFz/aA+-_',
        address: '2001:db8::1',
      });
      const result = await userSessions.open(session, i.NO_LIMIT);
      const { lifetimeMs, inactivityMs, ...given } = session;
      const nowMs = on.clock.nowMs();
      const expected = {
        ...given,
        status: 'active',
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
        lastActiveAtMs: nowMs,
        expireAtMs: nowMs + lifetimeMs,
        abandonAtMs: nowMs + inactivityMs,
      };
      expect(result).toEqual({ outcome: 'opened', session: expected, replaced: [] });
      expect(await userSessions.get(session.id)).toEqual(expected);
      expect(await userSessions.get(i.userSessionId())).toBeNull();
      await expect(userSessions.open(session, i.NO_LIMIT)).rejects.toMatchObject({ code: 'internal' });
    });

    test('IS9 a touch slides the activity; organization and effective user change alone', async () => {
      const { userSessions } = on.all.store;
      const session = await i.openSession(userSessions, { organizationId: i.organizationId() });
      on.clock.advance(1_000);
      const touched = await userSessions.change(session.id, { touch: { inactivityMs: 5_000 } });
      const nowMs = on.clock.nowMs();
      const expected = { ...session, updatedAtMs: nowMs, lastActiveAtMs: nowMs, abandonAtMs: nowMs + 5_000 };
      expect(touched).toEqual({ outcome: 'changed', session: expected });
      on.clock.advance(1_000);
      const change = { organizationId: i.organizationId(), effectiveUserId: i.directoryUserId() };
      const changed = { ...expected, ...change, updatedAtMs: nowMs + 1_000 };
      expect(await userSessions.change(session.id, change)).toEqual({ outcome: 'changed', session: changed });
      const left = await userSessions.change(session.id, { organizationId: null });
      expect(left).toEqual({ outcome: 'changed', session: { ...changed, organizationId: null } });
      expect(await userSessions.get(session.id)).toEqual({ ...changed, organizationId: null });
      expect(await userSessions.change(i.userSessionId(), change)).toEqual({ outcome: 'not_found' });
    });

    test('IS10 of 1,000 callers that end one session exactly one is told that it did', async () => {
      const { userSessions } = on.all.store;
      const { id } = await i.openSession(userSessions);
      on.clock.advance(10);
      const results = await Promise.all(i.times(1_000, () => userSessions.finish(id, 'ended')));
      expect(results.filter(({ outcome }) => outcome === 'changed')).toHaveLength(1);
      expect(results.filter(({ outcome }) => outcome === 'not_active')).toHaveLength(999);
      const over = f.sure(await userSessions.get(id));
      expect(over).toMatchObject({ status: 'ended', updatedAtMs: on.clock.nowMs() });
      on.clock.advance(10);
      const notActive = { outcome: 'not_active', session: over };
      expect(await userSessions.change(id, { touch: { inactivityMs: 1 } })).toEqual(notActive);
      expect(await userSessions.finish(id, 'revoked')).toEqual(notActive);
      expect(await userSessions.finish(i.userSessionId(), 'ended')).toEqual({ outcome: 'not_found' });
    });

    test('IS10 one that is over can still be removed', async () => {
      const { userSessions } = on.all.store;
      const { id } = await i.openSession(userSessions);
      await userSessions.finish(id, 'ended');
      const removed = await userSessions.finish(id, 'removed');
      expect(removed).toMatchObject({ outcome: 'not_active', session: { status: 'removed' } });
      expect(await userSessions.get(id)).toMatchObject({ status: 'removed' });
      expect(await userSessions.finish(id, 'ended')).toMatchObject({ session: { status: 'removed' } });
    });

    test('IS11 finishAllOf ends the active ones of one user, of one kind or any, and names them', async () => {
      const { userSessions } = on.all.store;
      const userId = i.directoryUserId();
      const login = await i.openSession(userSessions, { userId, kind: 'login' });
      const client = await i.openSession(userSessions, { userId });
      const over = await i.openSession(userSessions, { userId });
      await userSessions.finish(over.id, 'ended');
      const foreign = await i.openSession(userSessions);
      const logins = await userSessions.finishAllOf(userId, 'replaced', 'login');
      expect(logins).toMatchObject([{ id: login.id, status: 'replaced' }]);
      const [one, two] = await Promise.all(i.times(2, () => userSessions.finishAllOf(userId, 'revoked', 'any')));
      expect([...f.sure(one), ...f.sure(two)]).toMatchObject([{ id: client.id, status: 'revoked' }]);
      expect(await userSessions.get(over.id)).toMatchObject({ status: 'ended' });
      expect(await userSessions.get(foreign.id)).toMatchObject({ status: 'active' });
      expect(await userSessions.finishAllOf(i.directoryUserId(), 'revoked', 'any')).toEqual([]);
    });

    test('IS11 finishAllOf keeps the one it is told to, and ends all others at once', async () => {
      const { userSessions } = on.all.store;
      const userId = i.directoryUserId();
      const kept = await i.openSession(userSessions, { userId });
      const others = await Promise.all(i.times(120, () => i.openSession(userSessions, { userId })));
      const ended = await userSessions.finishAllOf(userId, 'revoked', 'any', kept.id);
      expect(new Set(i.idsOf(ended))).toEqual(new Set(i.idsOf(others)));
      expect(await userSessions.get(kept.id)).toMatchObject({ status: 'active' });
      expect(await userSessions.finishAllOf(userId, 'revoked', 'login', kept.id)).toEqual([]);
      expect(await userSessions.finishAllOf(userId, 'revoked', 'any', i.userSessionId())).toHaveLength(1);
    });

    test('IS37 the sessions that a user acts through are named by actor, until they are over', async () => {
      const { userSessions } = on.all.store;
      const [actorId, otherActor] = [i.directoryUserId(), i.directoryUserId()];
      const [one, two] = [
        await i.openSession(userSessions, { actorId }),
        await i.openSession(userSessions, { actorId }),
      ];
      const theirs = await i.openSession(userSessions, { actorId: otherActor });
      await i.openSession(userSessions, { userId: actorId });
      expect(new Set(await userSessions.actedBy(actorId))).toEqual(new Set([one.id, two.id]));
      expect(await userSessions.actedBy(otherActor)).toEqual([theirs.id]);
      expect(await userSessions.actedBy(one.userId)).toEqual([]);
      await userSessions.finish(one.id, 'revoked');
      expect(await userSessions.actedBy(actorId)).toEqual([two.id]);
      on.clock.advance(i.INACTIVITY_MS);
      await userSessions.sweepDue(10);
      expect([await userSessions.actedBy(actorId), await userSessions.actedBy(otherActor)]).toEqual([[], []]);
    });

    test('IS37 one that was refused by the limit is not named', async () => {
      const { userSessions } = on.all.store;
      const [userId, actorId] = [i.directoryUserId(), i.directoryUserId()];
      await i.openSession(userSessions, { userId });
      const limit = { max: 1, whenFull: 'reject_new' } as const;
      const refused = await userSessions.open(i.newUserSession({ userId, actorId }), limit);
      expect([refused.outcome, await userSessions.actedBy(actorId)]).toEqual(['too_many_sessions', []]);
    });

    test('IS12 sessions are listed newest first, of all users or one, of one status, each once by cursors', async () => {
      const { userSessions } = on.all.store;
      const userId = i.directoryUserId();
      const opened: UserSession[] = [];
      for (let at = 0; at < 6; at += 1) {
        opened.push(await i.openSession(userSessions, at % 2 === 0 ? { userId } : {}));
        if (at === 3) on.clock.advance(1_000);
      }
      await userSessions.finish(f.sure(opened[2]).id, 'ended');
      const numbersOf = (page: { sessions: readonly { id: string }[] }): number[] =>
        page.sessions.map(({ id }) => opened.findIndex((session) => session.id === id));

      for (const [query, expected] of [
        [{}, [5, 4, 3, 2, 1, 0]],
        [{ userId }, [4, 2, 0]],
        [{ status: 'active' }, [5, 4, 3, 1, 0]],
        [{ userId, status: 'ended' }, [2]],
        [{ status: 'revoked' }, []],
      ] as const) {
        expect(numbersOf(await userSessions.list({ ...query, limit: 10 }))).toEqual(expected);
        const seen: number[] = [];
        let cursor: string | undefined;
        do {
          const page = await userSessions.list({ ...query, limit: 2, cursor });
          seen.push(...numbersOf(page));
          cursor = page.nextCursor ?? undefined;
        } while (cursor !== undefined);
        expect(seen).toEqual(expected);
      }
      const malformed = userSessions.list({ limit: 2, cursor: 'nonsense' });
      await expect(malformed).rejects.toMatchObject({ code: 'invalid_request' });
    });
  });

  describe('clients', () => {
    test('IS13 a client lists the sessions opened with it, oldest first, and the last one is its active one', async () => {
      const { userSessions } = on.all.store;
      const deviceId = i.deviceId();
      const created = await userSessions.createDevice(deviceId, 1_000_000);
      const nowMs = on.clock.nowMs();
      expect(created).toEqual({
        id: deviceId,
        rotation: 1,
        lastActiveSessionId: null,
        lastStrategy: null,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
        expireAtMs: nowMs + 1_000_000,
      });
      expect(await userSessions.device(deviceId)).toEqual({ device: created, sessions: [] });
      const one = await i.openSession(userSessions, { deviceId });
      const two = await i.openSession(userSessions, { deviceId, userId: one.userId });
      await i.openSession(userSessions);
      on.clock.advance(1_000);
      const three = await i.openSession(userSessions, { deviceId });
      await userSessions.finish(one.id, 'ended');
      await userSessions.finish(two.id, 'removed');
      const found = await userSessions.device(deviceId);
      expect(found?.device).toEqual({ ...created, lastActiveSessionId: three.id, updatedAtMs: nowMs + 1_000 });
      expect(found?.sessions).toEqual([await userSessions.get(one.id), three]);
    });

    test('IS13 a client changes member by member; its rotation rises when that is asked for', async () => {
      const { userSessions } = on.all.store;
      const client = await userSessions.createDevice(i.deviceId(), 1_000_000);
      const session = await i.openSession(userSessions, { deviceId: client.id });
      on.clock.advance(5);
      const strategy = await userSessions.changeDevice(client.id, { lastStrategy: 'ticket' });
      const updatedAtMs = on.clock.nowMs();
      const expected = { ...client, lastActiveSessionId: session.id, lastStrategy: 'ticket', updatedAtMs };
      expect(strategy).toEqual(expected);
      const cleared = await userSessions.changeDevice(client.id, { lastActiveSessionId: null, rotate: true });
      expect(cleared).toEqual({ ...expected, lastActiveSessionId: null, rotation: 2 });
      await Promise.all(i.times(100, () => userSessions.changeDevice(client.id, { rotate: true })));
      expect((await userSessions.device(client.id))?.device.rotation).toBe(102);
      expect(await userSessions.changeDevice(i.deviceId(), { rotate: true })).toBeNull();
    });

    test('IS13 of many that raise the rotation from the same one at once one does; the others change nothing', async () => {
      const { userSessions } = on.all.store;
      const { id } = await userSessions.createDevice(i.deviceId(), 1_000_000);
      const raise = (n: number) => userSessions.changeDevice(id, { rotate: 1, lastStrategy: `s${String(n)}` });
      const raised = (await Promise.all(i.times(100, raise))).filter((client) => client !== null);
      expect(raised).toEqual([expect.objectContaining({ id, rotation: 2 })]);
      expect((await userSessions.device(id))?.device).toEqual(raised[0]);
      expect(await userSessions.changeDevice(id, { rotate: 2 })).toMatchObject({ rotation: 3 });
      expect(await userSessions.changeDevice(i.deviceId(), { rotate: 1 })).toBeNull();
    });

    test('IS36 a client without sessions is gone after a day, one with sessions a day after the last was forgotten', async () => {
      const { userSessions } = on.all.store;
      const makeClient = async () => (await userSessions.createDevice(i.deviceId(), 90 * i.KEPT_MS)).id;
      const [unused, used] = [await makeClient(), await makeClient()];
      const lives = { deviceId: used, lifetimeMs: 7 * i.KEPT_MS, inactivityMs: 7 * i.KEPT_MS };
      const [ended, removed] = [await i.openSession(userSessions, lives), await i.openSession(userSessions, lives)];
      await userSessions.finish(ended.id, 'ended');
      on.clock.advance(i.KEPT_MS - 1);
      expect(await userSessions.device(unused)).not.toBeNull();
      on.clock.advance(1);
      expect([await userSessions.device(unused), await userSessions.changeDevice(unused, {})]).toEqual([null, null]);
      expect((await userSessions.device(used))?.sessions).toEqual([removed]);
      // Signed out, and no more seen: two days later it is gone.
      await userSessions.finish(removed.id, 'removed');
      on.clock.advance(i.KEPT_MS);
      await userSessions.sweepDue(10);
      on.clock.advance(i.KEPT_MS - 1);
      expect((await userSessions.device(used))?.sessions).toEqual([]);
      on.clock.advance(1);
      expect(await userSessions.device(used)).toBeNull();
    });

    test('IS36 a client lives on with a session that goes on, and with one that is opened late', async () => {
      const { userSessions } = on.all.store;
      const { id: deviceId } = await userSessions.createDevice(i.deviceId(), 90 * i.KEPT_MS);
      const lives = { deviceId, lifetimeMs: 7 * i.KEPT_MS, inactivityMs: 7 * i.KEPT_MS };
      const first = await i.openSession(userSessions, lives);
      await userSessions.finish((await i.openSession(userSessions, lives)).id, 'ended');
      on.clock.advance(6 * i.KEPT_MS);
      expect((await userSessions.device(deviceId))?.sessions).toEqual([first]);
      await userSessions.finish(first.id, 'ended');
      on.clock.advance(i.KEPT_MS);
      await userSessions.sweepDue(10);
      const late = await i.openSession(userSessions, lives);
      on.clock.advance(6 * i.KEPT_MS);
      expect((await userSessions.device(deviceId))?.sessions).toEqual([late]);
    });

    test('IS13 a client whose time is up is gone, and a session opened with it is not', async () => {
      const { userSessions } = on.all.store;
      const { id } = await userSessions.createDevice(i.deviceId(), 1_000);
      await expect(userSessions.createDevice(id, 1_000)).rejects.toMatchObject({ code: 'internal' });
      on.clock.advance(1_000);
      expect(await userSessions.device(id)).toBeNull();
      expect(await userSessions.changeDevice(id, { rotate: true })).toBeNull();
      const session = await i.openSession(userSessions, { deviceId: id });
      expect(await userSessions.get(session.id)).toMatchObject({ status: 'active', deviceId: id });
      expect(await userSessions.device(id)).toBeNull();
    });
  });
}
