import { describe, expect, it } from 'vitest';
import { runBench } from '../support/run-bench.js';

const TIMEOUT_MS = 120_000;
/** Small: what is shown is that a spoiled delivery is seen, not what it costs. */
const TINY = [
  '--quick',
  '--phases',
  'together',
  '--only',
  'bare',
  '--clients',
  '16',
  '--seconds',
  '0.5',
  '--warm-up',
  '0.2',
];

describe('the bench', () => {
  it(
    'BN1 a quick run counts every delivery of each contender',
    async () => {
      const { code, stdout, stderr } = await runBench('flush-ratio', ['--quick', '--phases', 'together']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('Every delivery of every run came once and in order.');
      for (const name of ['bare engine', 'flush_ms auto', 'flush_ms 2', 'flush_ms 0']) {
        expect(stdout).toMatch(new RegExp(`^  ${name} .* 100\\.000 `, 'm'));
      }
    },
    TIMEOUT_MS,
  );

  it.each([
    ['lose', / [1-9]\d* lost/],
    ['double', / [1-9]\d* doubled/],
    ['swap', / [1-9]\d* disordered/],
  ])(
    'BN1 it fails when the server makes deliveries faulty: %s',
    async (fault, named) => {
      const { code, stderr } = await runBench('flush-ratio', TINY, { BENCH_FAULT: fault });
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(named) });
    },
    TIMEOUT_MS,
  );
});
