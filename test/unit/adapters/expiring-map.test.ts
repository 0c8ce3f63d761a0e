import { expect, test } from 'vitest';
import { ExpiringMap } from '../../../src/adapters/memory/expiring-map.js';
import { ManualClock } from '../../support/manual-clock.js';

const TTL_MS = 1_000;

test('IS33 entries that nobody asks for again are dropped as others are written', () => {
  const clock = new ManualClock();
  const map = new ExpiringMap<number, string>(clock);
  let most = 0;
  for (let at = 0; at < 100_000; at += 1) {
    map.set(at, 'value', clock.nowMs() + TTL_MS);
    clock.advance(1);
    most = Math.max(most, map.size);
  }
  // Entries that live at once, and entries that come between two sweeps.
  expect(most).toBeLessThanOrEqual(TTL_MS + 10_000);
});

test('IS33 control: entries that live on are kept', () => {
  const clock = new ManualClock();
  const map = new ExpiringMap<number, string>(clock);
  for (let at = 0; at < 1_000; at += 1) {
    map.set(at, 'value', clock.nowMs() + 1_000_000);
    clock.advance(100);
  }
  expect(map.size).toBe(1_000);
  expect(map.get(0)).toBe('value');
});

test('IS33 a clock that was set back does not end the sweeps', () => {
  const clock = new ManualClock();
  const map = new ExpiringMap<string, string>(clock);
  map.set('long', 'value', clock.nowMs() - 3_600_000 + TTL_MS);
  clock.step(-3_600_000);
  map.set('short', 'value', clock.nowMs() + TTL_MS);
  expect(map.get('long')).toBe('value');
  clock.advance(20_000);
  map.set('next', 'value', clock.nowMs() + TTL_MS);
  expect(map.size).toBe(1);
});
