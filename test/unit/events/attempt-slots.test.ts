import { describe, expect, test } from 'vitest';
import { AttemptSlots } from '../../../src/events/attempt-slots.js';

describe('the places of attempts', () => {
  test('WH24 an owner with many targets gets half of the places; its others rest until one is free, and those of others go on', () => {
    const slots = new AttemptSlots({ all: 8, perTarget: 2, failing: 100 });
    const taken = Array.from({ length: 6 }, (_, at) => slots.take(`host${String(at)}`, 'greedy'));
    expect(taken).toEqual([true, true, true, true, false, false]);
    expect(slots.full()).toEqual(['host4', 'host5']);
    expect([slots.take('a', 'other'), slots.take('a', 'other'), slots.take('b', 'other')]).toEqual([true, true, true]);
    slots.release('host0', 'greedy', true);
    expect(slots.full()).toEqual(['a']);
    expect(slots.take('host5', 'greedy')).toBe(true);
    expect(slots.full()).toEqual(['a', 'host4']);
    expect(slots.taken).toBe(7);
  });
});
