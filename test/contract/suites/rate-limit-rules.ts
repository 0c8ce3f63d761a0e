import { describe, expect, test } from 'vitest';
import type { Rate } from '../../../src/ports/rate-limit-store.js';
import type { OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';
import * as i from './identity-fixtures.js';

export function rateLimitRules(open: OpenStore): void {
  const on = f.useStore(open);

  describe('rate limits', () => {
    test.each([
      { burst: 5, periodMs: 60_000 },
      { burst: 7, periodMs: 1_000 },
      { burst: 1_999, periodMs: 1_000 },
    ])('IS22 of 3,000 takes at once exactly the burst passes: $burst in $periodMs ms', async (rate) => {
      const { rateLimits } = on.all.store;
      const results = await Promise.all(i.times(3_000, () => rateLimits.take([{ key: 'one', rate }])));
      expect(results.filter(({ allowed }) => allowed)).toHaveLength(rate.burst);
      expect(await rateLimits.take([{ key: 'another', rate }])).toEqual({ allowed: true });
    });

    test('IS22 over any time passes the burst and what came back meanwhile, neither one more nor less', async () => {
      const { rateLimits } = on.all.store;
      const rate: Rate = { burst: 7, periodMs: 1_000 };
      let passed = 0;
      for (let at = 0; at < 400; at += 1) {
        const results = await Promise.all(i.times(3, () => rateLimits.take([{ key: 'one', rate }])));
        passed += results.filter(({ allowed }) => allowed).length;
        on.clock.advance(25);
      }
      // The last take was at 9,975 ms: 7 * 9.975 came back.
      expect(passed).toBe(7 + 69);
    });

    test('IS23 who is refused is told when to come again, to the millisecond', async () => {
      const { rateLimits } = on.all.store;
      const rate: Rate = { burst: 3, periodMs: 1_000 };
      const take = () => rateLimits.take([{ key: 'one', rate }]);
      for (let at = 0; at < 3; at += 1) expect(await take()).toEqual({ allowed: true });
      expect(await take()).toEqual({ allowed: false, retryAfterMs: 334 });
      on.clock.advance(333);
      expect(await take()).toEqual({ allowed: false, retryAfterMs: 1 });
      on.clock.advance(1);
      expect(await take()).toEqual({ allowed: true });
      on.clock.advance(10_000);
      for (let at = 0; at < 3; at += 1) expect(await take()).toEqual({ allowed: true });
      expect(await take()).toMatchObject({ allowed: false });
    });

    test('IS24 a take of several keys takes of all or of none', async () => {
      const { rateLimits } = on.all.store;
      const [narrow, wide]: Rate[] = [
        { burst: 2, periodMs: 4_000 },
        { burst: 3, periodMs: 3_000 },
      ];
      const limits = [
        { key: 'account', rate: f.sure(wide) },
        { key: 'address', rate: f.sure(narrow) },
      ];
      const results = await Promise.all(i.times(100, () => rateLimits.take(limits)));
      expect(results.filter(({ allowed }) => allowed)).toHaveLength(2);
      expect(results.find(({ allowed }) => !allowed)).toEqual({ allowed: false, retryAfterMs: 2_000 });
      expect(await rateLimits.take(limits.slice(0, 1))).toEqual({ allowed: true });
      expect(await rateLimits.take(limits.slice(0, 1))).toEqual({ allowed: false, retryAfterMs: 1_000 });
      expect(await rateLimits.take(limits)).toEqual({ allowed: false, retryAfterMs: 2_000 });
    });

    test('IS24 reset gives a key all of its burst back, and no other', async () => {
      const { rateLimits } = on.all.store;
      const rate: Rate = { burst: 2, periodMs: 60_000 };
      const both = ['one', 'two'].map((key) => ({ key, rate }));
      for (let at = 0; at < 2; at += 1) await rateLimits.take(both);
      await rateLimits.reset('one');
      await rateLimits.reset('never');
      for (let at = 0; at < 2; at += 1) expect(await rateLimits.take(both.slice(0, 1))).toEqual({ allowed: true });
      expect(await rateLimits.take(both.slice(1))).toMatchObject({ allowed: false });
    });

    test('IS23 a clock that is set back gives nothing back twice', async () => {
      const { rateLimits } = on.all.store;
      const rate: Rate = { burst: 2, periodMs: 1_000 };
      const take = () => rateLimits.take([{ key: 'one', rate }]);
      for (let at = 0; at < 2; at += 1) await take();
      on.clock.step(-60_000);
      expect(await take()).toMatchObject({ allowed: false });
      on.clock.step(60_000);
      expect(await take()).toEqual({ allowed: false, retryAfterMs: 500 });
    });
  });
}
