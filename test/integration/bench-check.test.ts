import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runBench } from '../support/run-bench.js';

const TIMEOUT_MS = 120_000;
const FIGURE = 'idle: KB a connection';

describe('npm run bench:check', () => {
  let dir = '';

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sallyport-bench-check-'));
  });

  afterAll(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  async function checkAgainst(keptKb: number) {
    const file = join(dir, 'baseline.json');
    const machine = 'no machine at all';
    await writeFile(file, JSON.stringify({ date: '2026-01-31', machine, figures: { [FIGURE]: keptKb } }));
    return runBench('check', ['--only', 'idle', '--baseline', file]);
  }

  it(
    'BN9 it ends with 0 when no ratio is worse than was kept, and with 1 when one is, which it names',
    async () => {
      const good = await checkAgainst(1_000_000);
      expect({ code: good.code, stderr: good.stderr }).toEqual({ code: 0, stderr: '' });
      expect(good.stdout).toContain('against the figures of 2026-01-31 (no machine at all)');
      const control = await checkAgainst(0.001);
      expect(control).toMatchObject({ code: 1, stderr: expect.stringContaining(`worse by more than 15 %: ${FIGURE}`) });
      expect(control.stdout.match(/idle seems worse: measured again/g)).toHaveLength(2);
    },
    TIMEOUT_MS,
  );

  it('BN8 BN9 what it does not know is refused before anything starts', async () => {
    const refused = { code: 1, stdout: '', stderr: expect.stringContaining('not speed') };
    expect(await runBench('check', ['--only', 'speed'])).toEqual(refused);
    expect(await runBench('ratios', ['--only', 'rest,speed'])).toEqual(refused);
    const missing = await runBench('check', ['--only', 'idle', '--baseline', join(dir, 'missing.json')]);
    expect(missing).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('missing.json') });
  });
});
