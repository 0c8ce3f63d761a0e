import { describe, expect, test } from 'vitest';
import type { UserSocket } from '../../../src/ports/user-socket-store.js';
import type { OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';
import * as i from './identity-fixtures.js';

const TTL_MS = 30_000;
const REJECT = { max: 5, whenFull: 'reject_new' } as const;
const REPLACE = { max: 5, whenFull: 'replace_old' } as const;
const TAKEN = { outcome: 'taken', replaced: [] };

export function userSocketRules(open: OpenStore): void {
  const on = f.useStore(open);
  const userId = i.directoryUserId();
  const socket = (name: string, change: Partial<UserSocket> = {}): UserSocket => ({
    userId,
    socketId: name,
    nodeId: f.HERE,
    ...change,
  });

  describe('sockets per user', () => {
    test('IS26 of 1,000 sockets at once with reject_new exactly 5 have a place', async () => {
      const { userSockets } = on.all.store;
      const results = await Promise.all(i.times(1_000, (at) => userSockets.take(socket(`s${at}`), REJECT, TTL_MS)));
      expect(results.filter(({ outcome }) => outcome === 'taken')).toHaveLength(5);
      expect(results.filter(({ outcome }) => outcome === 'too_many_sockets')).toHaveLength(995);
      expect(await userSockets.take(socket('other', { userId: i.directoryUserId() }), REJECT, TTL_MS)).toEqual(TAKEN);
      expect(await userSockets.take(socket('more'), { max: 0, whenFull: 'reject_new' }, TTL_MS)).toEqual(TAKEN);
    });

    test('IS26 of 1,000 sockets at once with replace_old each goes once, but for the last 5', async () => {
      const { userSockets } = on.all.store;
      const results = await Promise.all(i.times(1_000, (at) => userSockets.take(socket(`s${at}`), REPLACE, TTL_MS)));
      const replaced = results.flatMap((result) => (result.outcome === 'taken' ? result.replaced : []));
      expect(new Set(replaced.map(({ socketId }) => socketId)).size).toBe(995);
      expect(replaced).toHaveLength(995);
    });

    test('IS27 the oldest goes first, and is named with its node', async () => {
      const { userSockets } = on.all.store;
      const limit = { max: 2, whenFull: 'replace_old' } as const;
      const first = socket('first', { nodeId: f.ELSEWHERE });
      await userSockets.take(first, limit, TTL_MS);
      await userSockets.take(socket('second'), limit, TTL_MS);
      on.clock.advance(10);
      await userSockets.renew([first], TTL_MS);
      expect(await userSockets.take(socket('third'), limit, TTL_MS)).toEqual({ outcome: 'taken', replaced: [first] });
      const lower = await userSockets.take(socket('fourth'), { ...limit, max: 1 }, TTL_MS);
      expect(lower).toEqual({ outcome: 'taken', replaced: [socket('second'), socket('third')] });
    });

    test('IS27 a socket that is released makes room, and one that has a place keeps it', async () => {
      const { userSockets } = on.all.store;
      const limit = { max: 1, whenFull: 'reject_new' } as const;
      await userSockets.take(socket('one'), limit, TTL_MS);
      expect(await userSockets.take(socket('one'), limit, TTL_MS)).toEqual(TAKEN);
      await userSockets.release(socket('unknown'));
      expect((await userSockets.take(socket('two'), limit, TTL_MS)).outcome).toBe('too_many_sockets');
      await userSockets.release(socket('one'));
      expect(await userSockets.take(socket('two'), limit, TTL_MS)).toEqual(TAKEN);
    });

    test('IS28 a place that is not renewed is forgotten, and not taken again by a renewal', async () => {
      const { userSockets } = on.all.store;
      const limit = { max: 2, whenFull: 'reject_new' } as const;
      const others = i.times(3, (at) => socket(`other ${at}`.replace(' ', '-'), { userId: i.directoryUserId() }));
      for (const each of [socket('kept'), socket('lost'), ...others]) await userSockets.take(each, limit, TTL_MS);
      on.clock.advance(TTL_MS - 1);
      await userSockets.renew([socket('kept'), ...others], TTL_MS);
      expect((await userSockets.take(socket('next'), limit, TTL_MS)).outcome).toBe('too_many_sockets');
      on.clock.advance(1);
      await userSockets.renew([socket('lost')], TTL_MS);
      expect(await userSockets.take(socket('next'), limit, TTL_MS)).toEqual(TAKEN);
      expect((await userSockets.take(socket('one-more'), limit, TTL_MS)).outcome).toBe('too_many_sockets');
      for (const other of others) {
        const alone = { max: 1, whenFull: 'reject_new' } as const;
        expect((await userSockets.take({ ...other, socketId: 'x' }, alone, TTL_MS)).outcome).toBe('too_many_sockets');
      }
    });
  });
}
