import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const BENCH = fileURLToPath(new URL('../../dist/bench/flush-ratio.js', import.meta.url));
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

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runBench(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [BENCH, ...args], { env: { ...process.env, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}

describe('the bench', () => {
  it(
    'BN1 a quick run counts every delivery of each contender',
    async () => {
      const { code, stdout, stderr } = await runBench(['--quick', '--phases', 'together']);
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
      const { code, stderr } = await runBench(TINY, { BENCH_FAULT: fault });
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(named) });
    },
    TIMEOUT_MS,
  );
});
