import { describe, expect, test } from 'vitest';
import type { OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';
import * as i from './identity-fixtures.js';

export function oneTimeRules(open: OpenStore): void {
  const on = f.useStore(open);

  describe('one-time values', () => {
    test('IS20 of 1,000 takes of one value at once exactly one has it', async () => {
      const { oneTime } = on.all.store;
      const value = '{"user":"é b"}\n two lines';
      await oneTime.put('sign_in_ticket', 'digest', value, 60_000);
      const taken = await Promise.all(i.times(1_000, () => oneTime.take('sign_in_ticket', 'digest')));
      expect(taken.filter((each) => each !== null)).toEqual([value]);
      expect(await oneTime.peek('sign_in_ticket', 'digest')).toBeNull();
    });

    test('IS20 control: peek leaves the value where it is', async () => {
      const { oneTime } = on.all.store;
      await oneTime.put('wallet_nonce', 'digest', '', 60_000);
      const seen = await Promise.all(i.times(10, () => oneTime.peek('wallet_nonce', 'digest')));
      expect(seen).toEqual(i.times(10, () => ''));
      expect(await oneTime.take('wallet_nonce', 'digest')).toBe('');
    });

    test('IS21 a value is had under its kind and name until its time is up; putting it again replaces it', async () => {
      const { oneTime } = on.all.store;
      await oneTime.put('password_reset', 'digest', 'old', 60_000);
      await oneTime.put('password_reset', 'digest', 'new', 90_000);
      expect(await oneTime.take('wallet_nonce', 'digest')).toBeNull();
      expect(await oneTime.take('password_reset', 'other')).toBeNull();
      on.clock.advance(89_999);
      expect(await oneTime.peek('password_reset', 'digest')).toBe('new');
      on.clock.advance(1);
      expect(await oneTime.peek('password_reset', 'digest')).toBeNull();
      expect(await oneTime.take('password_reset', 'digest')).toBeNull();
    });
  });
}
