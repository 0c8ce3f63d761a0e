// Compares every engine binary that the gateway may load with the SHA-256 in engine-binaries.sha256, which lists them in
// the format of `sha256sum`. A binary that is missing, new or different fails the check. With --write: writes the list.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LIST = new URL('../engine-binaries.sha256', import.meta.url);
const PACKAGES = ['uws-current', 'uws-portable'];

const found = PACKAGES.map((name) => `node_modules/${name}`)
  .flatMap((folder) => readdirSync(`${ROOT}/${folder}`, { recursive: true }).map((file) => `${folder}/${file}`))
  .filter((path) => path.endsWith('.node'))
  .sort()
  .map(
    (path) =>
      `${createHash('sha256')
        .update(readFileSync(`${ROOT}/${path}`))
        .digest('hex')}  ${path}`,
  );

if (process.argv.includes('--write')) {
  writeFileSync(LIST, `${found.join('\n')}\n`);
} else {
  const pinned = readFileSync(LIST, 'utf8').trim().split('\n');
  const problems = [
    ...found.filter((line) => !pinned.includes(line)).map((line) => `not pinned: ${line}`),
    ...pinned.filter((line) => !found.includes(line)).map((line) => `pinned, but not installed: ${line}`),
  ];
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(`${String(found.length)} engine binaries have their pinned SHA-256.`);
}
