/** Writes the generated pages and parts of docs/; with --check it writes nothing and fails when one would change. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { renderCliPage } from './docs/cli-page.js';
import { renderConfigPage } from './docs/config-page.js';
import { renderErrorsPage } from './docs/errors-page.js';
import { renderProtocolPage } from './docs/protocol-page.js';
import { readConstants } from './docs/table-comments.js';

const FRAMES = 'src/protocol/control-frames.ts';
const PAGES: Readonly<Record<string, (current: string) => string>> = {
  'docs/CLI.md': renderCliPage,
  'docs/CONFIG.md': renderConfigPage,
  'docs/ERRORS.md': renderErrorsPage,
  'docs/PROTOCOL.md': (current) => renderProtocolPage(current, readConstants(FRAMES, readFileSync(FRAMES, 'utf8'))),
};
const checkOnly = process.argv.includes('--check');

for (const [path, render] of Object.entries(PAGES)) {
  const current = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const rendered = render(current);
  if (current === rendered) continue;
  if (checkOnly) {
    console.error(`${path} is not what its source says: run \`npm run docs\``);
    process.exitCode = 1;
  } else {
    writeFileSync(path, rendered);
    console.log(`wrote ${path}`);
  }
}
