import { describe, expect, test } from 'vitest';
import { rendezvous } from '../../../src/lib/rendezvous.js';

const KEYS = Array.from({ length: 64 }, (_none, at) => String(at));
const NODES = ['node_A5vTkq1', 'node_B5vTkq2', 'node_C5vTkq3', 'node_D5vTkq4'];

describe('rendezvous hashing', () => {
  test('ED1 everybody gives a key to the same candidate, in whatever order they know them', () => {
    for (const key of KEYS) expect(rendezvous(key, NODES)).toBe(rendezvous(key, [...NODES].reverse()));
  });

  test('ED1 each candidate gets a share', () => {
    const shares = NODES.map((node) => KEYS.filter((key) => rendezvous(key, NODES) === node).length);
    expect(Math.min(...shares)).toBeGreaterThan(6);
    expect(Math.max(...shares)).toBeLessThan(30);
  });

  test('ED1 a candidate that goes moves only its own keys', () => {
    const [gone = '', ...left] = NODES;
    for (const key of KEYS) {
      const before = rendezvous(key, NODES);
      if (before !== gone) expect(rendezvous(key, left)).toBe(before);
    }
    expect(rendezvous('0', [])).toBeNull();
  });
});
