/** Writes the generated pages of docs/; with --check it writes nothing and fails when one would change. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { renderConfigPage } from './docs/config-page.js';
import { renderErrorsPage } from './docs/errors-page.js';

const PAGES = { 'docs/CONFIG.md': renderConfigPage, 'docs/ERRORS.md': renderErrorsPage };
const checkOnly = process.argv.includes('--check');

for (const [path, render] of Object.entries(PAGES)) {
  const rendered = render();
  const current = existsSync(path) ? readFileSync(path, 'utf8') : null;
  if (current === rendered) continue;
  if (checkOnly) {
    console.error(`${path} is not what its source says: run \`npm run docs\``);
    process.exitCode = 1;
  } else {
    writeFileSync(path, rendered);
    console.log(`wrote ${path}`);
  }
}
