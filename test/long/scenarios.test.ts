/** The load scenarios of bench/scenarios in their short form: what is exact is asserted, what is timed only printed. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { STORES } from '../support/both-stores.js';

const run = promisify(execFile);
const BENCH = fileURLToPath(new URL('../../dist/bench/bench.js', import.meta.url));
const LIMIT_MS = 120_000;

/** Returns the scenario's output; rejects with that output unless the exit code is 0. */
async function scenario(name: 'jitter' | 'slow-readers', ...args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [BENCH, name, '--quick', ...args], { timeout: LIMIT_MS }).catch(
    (error: unknown) => {
      const output = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
      throw new Error(`${name} failed: ${String(error)}\n${output}`, { cause: error });
    },
  );
  return stdout;
}

describe('load scenarios', () => {
  it(
    'SL1 slow readers do not slow the others, and have every reliable entry or an exact gap in the end',
    async () => {
      expect(await scenario('slow-readers')).toContain('All checks passed.');
    },
    LIMIT_MS,
  );

  it.each(STORES)(
    'JT1 clients that drop and come back get every reliable entry once and in order ($store)',
    async ({ store, redisUrl }) => {
      const url = redisUrl();
      const args = url === null ? [] : ['--redis-url', url];
      expect(await scenario('jitter', '--store', store, ...args)).toContain('All checks passed.');
    },
    LIMIT_MS,
  );
});
