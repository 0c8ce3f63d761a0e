/** Fails when a rule of docs/SPEC.md has no test, or a test quotes a rule that is not there. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { compareSpec } from './spec/compare.js';

const tests = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => join('test', path))
  .map((path) => ({ path, source: readFileSync(path, 'utf8') }));
const problems = compareSpec(readFileSync('docs/SPEC.md', 'utf8'), tests);

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
