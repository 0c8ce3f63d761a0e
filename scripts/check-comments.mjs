// Fails when a comment begins with Who, Of, What, So much or Whoever (CONTRIBUTING.md): someone does something.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const FILES = ['*.ts', '*.mjs', '*.js', '*.cjs', '*.lua'];
const BEGINNING = /^\s*(?:\*|\/\/|\/\*\*|--) (?:Who|Of|What|So much|Whoever)\b/;

const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...FILES]);
const found = listed
  .toString()
  .split('\n')
  .filter((path) => path !== '')
  .flatMap((path) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .flatMap((line, at) => (BEGINNING.test(line) ? [`${path}:${String(at + 1)}: ${line.trim()}`] : [])),
  );
if (found.length > 0) {
  console.error(found.join('\n'));
  process.exitCode = 1;
}
