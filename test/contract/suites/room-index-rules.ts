import { describe, expect, test } from 'vitest';
import type { OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';

export function roomIndexRules(open: OpenStore): void {
  describe('the index of rooms', () => {
    const on = f.useStore(open);
    const sorted = (ids: readonly string[]): readonly string[] => [...ids].sort();

    test('FO7 it names the nodes with rooms, and gives the rooms of one to one caller at a time, for ten seconds', async () => {
      const { rooms } = on.all.store;
      const [one, two, other] = [f.sessionId(), f.sessionId(), f.sessionId()];
      await rooms.add(f.HERE, [one, two]);
      await rooms.add(f.HERE, [one]);
      await rooms.add(f.ELSEWHERE, [other]);
      expect(sorted(await rooms.homes())).toEqual(sorted([f.HERE, f.ELSEWHERE]));
      const first = await rooms.claim(f.HERE, 1);
      const second = await rooms.claim(f.HERE, 10);
      expect(sorted([...first, ...second])).toEqual(sorted([one, two]));
      expect(first).toHaveLength(1);
      expect(await rooms.claim(f.HERE, 10)).toEqual([]);
      on.clock.advance(10_000);
      expect(await rooms.claim(f.HERE, 10)).toHaveLength(2);
    });

    test('FO7 a node whose last room is removed has none; more rooms than fit into one call are one set', async () => {
      const { rooms } = on.all.store;
      const many = Array.from({ length: 1_100 }, () => f.sessionId());
      await rooms.add(f.HERE, many);
      await rooms.remove(f.HERE, many.slice(1));
      expect(await rooms.homes()).toEqual([f.HERE]);
      expect(await rooms.claim(f.HERE, 10)).toEqual(many.slice(0, 1));
      await rooms.remove(f.HERE, many);
      expect(await rooms.homes()).toEqual([]);
      await rooms.remove(f.HERE, []);
      expect(await rooms.claim(f.HERE, 10)).toEqual([]);
      await rooms.add(f.HERE, []);
    });
  });
}
