// Runs the checks in their order and stops at the first that fails. With --static: all but the tests.
// Each step is an npm script of the same name. The last line is the tests' `N passed, N failed`.
import { spawnSync } from 'node:child_process';

const withoutTests = process.argv.includes('--static');
const steps = [
  'engines',
  'format:check',
  'types',
  'lint',
  'comments',
  'depcruise',
  'knip',
  'test',
  'spec',
  'docs:check',
  'check:openapi',
];
let summary = null;

for (const step of steps) {
  if (step === 'test' && withoutTests) continue;
  const startedAtMs = Date.now();
  const run = spawnSync('npm', ['run', '--silent', step], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  const tookS = ((Date.now() - startedAtMs) / 1000).toFixed(1);
  if (run.status !== 0) {
    process.stdout.write(run.stdout);
    process.stderr.write(run.stderr);
    console.error(`failed  ${step} (${tookS} s)`);
    process.exit(1);
  }
  if (step === 'test') summary = /^\d+ passed, \d+ failed$/m.exec(run.stdout)?.[0] ?? null;
  console.log(`ok      ${step} (${tookS} s)`);
}
if (summary !== null) console.log(summary);
