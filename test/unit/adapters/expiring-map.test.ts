import { expect, test } from 'vitest';
import { ExpiringMap } from '../../../src/adapters/memory/expiring-map.js';
import { ManualClock } from '../../support/manual-clock.js';

const TTL_MS = 1_000;
const WIDE = { most: 1_000_000, whenFull: 'refuse' } as const;

test('IS33 entries that nobody asks for again are dropped as others are written', () => {
  const clock = new ManualClock();
  const map = new ExpiringMap<number, string>(clock, WIDE);
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
  const map = new ExpiringMap<number, string>(clock, WIDE);
  for (let at = 0; at < 1_000; at += 1) {
    map.set(at, 'value', clock.nowMs() + 1_000_000);
    clock.advance(100);
  }
  expect(map.size).toBe(1_000);
  expect(map.get(0)).toBe('value');
});

test('IS33 a clock that was set back does not end the sweeps', () => {
  const clock = new ManualClock();
  const map = new ExpiringMap<string, string>(clock, WIDE);
  map.set('long', 'value', clock.nowMs() - 3_600_000 + TTL_MS);
  clock.step(-3_600_000);
  map.set('short', 'value', clock.nowMs() + TTL_MS);
  expect(map.get('long')).toBe('value');
  clock.advance(20_000);
  map.set('next', 'value', clock.nowMs() + TTL_MS);
  expect(map.size).toBe(1);
});

const MOST = 1_000;

test('LO7 of ten times as many entries as the bound the last to expire are kept', () => {
  const clock = new ManualClock();
  const map = new ExpiringMap<number, number>(clock, { most: MOST, whenFull: 'drop' });
  const untilMs = (at: number): number => clock.nowMs() + 1 + ((at * 7_919) % (10 * MOST));
  for (let at = 0; at < 10 * MOST; at += 1) {
    expect(map.set(at, at, untilMs(at))).toBe(true);
    expect(map.size).toBeLessThanOrEqual(MOST);
  }
  // The newest entry is always taken, and the next one pushes it out if it expires first.
  map.set(-1, -1, clock.nowMs() + 100 * MOST);
  const all = Array.from({ length: 10 * MOST }, (_, at) => at);
  const kept = new Set(all.toSorted((a, b) => untilMs(b) - untilMs(a)).slice(0, MOST - 1));
  expect(new Set(all.filter((at) => map.get(at) !== undefined))).toEqual(kept);
});

test('LO7 a map that refuses keeps what it has, takes no new key, and takes some again as others expire', () => {
  const clock = new ManualClock();
  const map = new ExpiringMap<number, string>(clock, { most: MOST, whenFull: 'refuse' });
  for (let at = 0; at < 10 * MOST; at += 1) expect(map.set(at, 'first', clock.nowMs() + TTL_MS)).toBe(at < MOST);
  expect([map.size, map.get(0), map.get(MOST)]).toEqual([MOST, 'first', undefined]);
  expect([map.hasRoomFor([0, 1]), map.hasRoomFor([0, MOST])]).toEqual([true, false]);
  // An entry that is there is replaced, and one that was deleted leaves room.
  expect(map.set(0, 'second', clock.nowMs() + 2 * TTL_MS)).toBe(true);
  map.delete(1);
  expect([map.set(MOST, 'new', clock.nowMs() + TTL_MS), map.set(MOST + 1, 'new', clock.nowMs() + TTL_MS)]).toEqual([
    true,
    false,
  ]);
  clock.advance(TTL_MS);
  expect(map.set(MOST + 1, 'new', clock.nowMs() + TTL_MS)).toBe(true);
  expect([map.size, map.get(0)]).toEqual([2, 'second']);
});

test('LO7 an entry that is replaced a million times is kept once', () => {
  const clock = new ManualClock();
  const map = new ExpiringMap<number, number>(clock, { most: 2, whenFull: 'drop' });
  for (let at = 0; at < 1_000_000; at += 1) map.set(at % 2, at, clock.nowMs() + TTL_MS + (at % 3));
  expect([map.size, map.get(0), map.get(1)]).toEqual([2, 999_998, 999_999]);
});
