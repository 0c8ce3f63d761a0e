import { describe, expect, test } from 'vitest';
import type { EventFacts } from '../../../src/ports/event.js';
import type { UserSession } from '../../../src/ports/user-session-store.js';
import type { OpenStore } from '../../support/stores.js';
import { DEPLOYMENT, dispatch, factsOf, logged } from './event-fixtures.js';
import * as f from './fixtures.js';
import { directoryUserId, INACTIVITY_MS, newUserSession, openSession, organizationId } from './identity-fixtures.js';

export function userSessionEventRules(open: OpenStore): void {
  describe('events of user sessions', () => {
    const on = f.useStore(open);
    const sessions = () => on.all.store.userSessions;
    const toldNow = async (): Promise<readonly EventFacts[]> => {
      await dispatch(on.all.store);
      return factsOf(await logged(on.all.store, DEPLOYMENT));
    };
    const shown = ({ secretHash: _, ...session }: UserSession) => session;

    test('EV16 an opened user session has been created; one that it replaces has ended before', async () => {
      const userId = directoryUserId();
      const limit = { max: 1, whenFull: 'replace_old' } as const;
      const first = await openSession(sessions(), { userId, secretHash: 'a hash' });
      const result = await sessions().open(newUserSession({ userId }), limit);
      if (result.outcome !== 'opened') throw new Error('the fixture is wrong');
      await sessions().open(newUserSession({ userId }), { max: 1, whenFull: 'reject_new' });
      const events = await toldNow();
      expect(events).toEqual([
        { type: 'user_session.created', session: shown(first) },
        { type: 'user_session.ended', session: { ...shown(first), status: 'replaced' } },
        { type: 'user_session.created', session: shown(result.session) },
      ]);
      expect(JSON.stringify(events)).not.toContain('a hash');
    });

    test('EV16 a touch has an event; other changes have none', async () => {
      const { id } = await openSession(sessions());
      on.clock.advance(1_000);
      const touched = await sessions().change(id, { touch: { inactivityMs: INACTIVITY_MS } });
      await sessions().change(id, { organizationId: organizationId() });
      await sessions().finish(id, 'ended');
      await sessions().change(id, { touch: { inactivityMs: INACTIVITY_MS } });
      if (touched.outcome !== 'changed') throw new Error('the fixture is wrong');
      const [, second, ...more] = await toldNow();
      expect(second).toEqual({ type: 'user_session.touched', session: shown(touched.session) });
      expect(more.map(({ type }) => type)).toEqual(['user_session.ended']);
    });

    test.each([
      ['ended', 'user_session.ended'],
      ['removed', 'user_session.removed'],
      ['replaced', 'user_session.ended'],
      ['revoked', 'user_session.revoked'],
    ] as const)('EV17 a session that is finished as %s has one event, %s', async (status, type) => {
      const session = await openSession(sessions());
      await Promise.all([sessions().finish(session.id, status), sessions().finish(session.id, status)]);
      const after = f.sure(await sessions().get(session.id));
      const [, ...more] = await toldNow();
      expect(after.status).toBe(status);
      expect(more).toEqual([{ type, session: shown(after) }]);
    });

    test('EV17 a session that is over and is then removed has both events', async () => {
      const { id } = await openSession(sessions());
      await sessions().finish(id, 'ended');
      await sessions().finish(id, 'removed');
      await sessions().finish(id, 'removed');
      await sessions().finish(id, 'ended');
      const types = (await toldNow()).map(({ type }) => type);
      expect(types).toEqual(['user_session.created', 'user_session.ended', 'user_session.removed']);
    });

    test('EV17 each session that is finished with all of a user has an event; the one that is kept has none', async () => {
      const userId = directoryUserId();
      const [one, two, kept] = [
        await openSession(sessions(), { userId }),
        await openSession(sessions(), { userId }),
        await openSession(sessions(), { userId }),
      ];
      await sessions().finishAllOf(userId, 'revoked', 'any', kept.id);
      await sessions().finishAllOf(userId, 'revoked', 'any', kept.id);
      const events = (await toldNow()).slice(3);
      expect(events).toHaveLength(2);
      expect(events).toEqual(
        expect.arrayContaining(
          [one, two].map((session) => ({
            type: 'user_session.revoked',
            session: { ...shown(session), status: 'revoked' },
          })),
        ),
      );
    });

    test('EV18 a session whose time is up has an event when it is swept, once; its status says how', async () => {
      const expired = await openSession(sessions(), { lifetimeMs: 1_000 });
      const abandoned = await openSession(sessions(), { inactivityMs: 2_000 });
      on.clock.advance(2_000);
      await sessions().get(expired.id);
      expect(await sessions().sweepDue(10)).toHaveLength(2);
      expect(await sessions().sweepDue(10)).toHaveLength(0);
      const events = (await toldNow()).filter(({ type }) => type !== 'user_session.created');
      expect(events).toHaveLength(2);
      for (const [id, status] of [
        [expired.id, 'expired'],
        [abandoned.id, 'abandoned'],
      ]) {
        const session = expect.objectContaining({ id, status });
        expect(events).toContainEqual({ type: 'user_session.expired', session });
      }
    });

    test('EV18 a session that is removed between its end and its sweep has the event of its removal only', async () => {
      const { id } = await openSession(sessions(), { lifetimeMs: 1_000 });
      on.clock.advance(1_000);
      await sessions().finish(id, 'removed');
      await sessions().sweepDue(10);
      const types = (await toldNow()).map(({ type }) => type);
      expect(types).toEqual(['user_session.created', 'user_session.removed']);
    });
  });
}
