import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { renderConfigPage } from '../../../scripts/docs/config-page.js';
import { renderErrorsPage } from '../../../scripts/docs/errors-page.js';
import { renderProtocolPage } from '../../../scripts/docs/protocol-page.js';
import { readConstants } from '../../../scripts/docs/table-comments.js';
import { CONFIG_KEYS } from '../../../src/config/schema.js';
import { CLOSE_CODES } from '../../../src/protocol/close-codes.js';
import { CLIENT_FRAMES, SERVER_FRAMES } from '../../../src/protocol/control-frames.js';
import { ERRORS } from '../../../src/protocol/errors.js';

it('CF8 docs/CONFIG.md is what the schema says, and has every key', () => {
  const page = readFileSync('docs/CONFIG.md', 'utf8');
  expect(page).toBe(renderConfigPage());
  for (const { env } of CONFIG_KEYS) expect(page).toContain(`| \`${env}\` |`);
});

it('ER1 docs/ERRORS.md is what the catalogue says, and has every code', () => {
  const page = readFileSync('docs/ERRORS.md', 'utf8');
  expect(page).toBe(renderErrorsPage());
  for (const code of Object.keys(ERRORS)) expect(page).toContain(`| \`${code}\` |`);
  for (const [name, code] of Object.entries(CLOSE_CODES)) expect(page).toContain(`| ${code} | \`${name}\` |`);
});

it('WF9 docs/PROTOCOL.md is what the table of control frames says, and has every frame', () => {
  const source = 'src/protocol/control-frames.ts';
  const page = readFileSync('docs/PROTOCOL.md', 'utf8');
  const text = readFileSync(source, 'utf8');
  expect(page).toBe(renderProtocolPage(page, readConstants(source, text)));
  for (const type of Object.keys({ ...SERVER_FRAMES, ...CLIENT_FRAMES })) expect(page).toContain(`| \`${type}\` |`);
  // Another comment makes another page; a frame without one makes none.
  const changed = text.replace('The answer to `ping`.', 'Changed.');
  expect(renderProtocolPage(page, readConstants(source, changed))).not.toBe(page);
  const bare = readConstants(source, text.replace('/** The answer to `ping`. */', ''));
  expect(() => renderProtocolPage(page, bare)).toThrow('the control frame pong has no comment');
});

/** The scripts that a text tells its reader to run and that package.json does not have. */
function missingScripts(text: string): readonly string[] {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync('package.json', 'utf8')));
  const named = [...text.matchAll(/\bnpm run (?:--silent |-s )?([a-z][a-z:-]*)/g)].map(([, name]) => name ?? '');
  return [...new Set(named)].filter((name) => !(name in scripts));
}

it('OP9 every npm command that the documents name is a script of package.json', () => {
  const pages = readdirSync('docs').filter((name) => name.endsWith('.md'));
  const files = ['README.md', 'CONTRIBUTING.md', ...pages.map((name) => `docs/${name}`)];
  const texts = files.map((file) => readFileSync(file, 'utf8'));
  expect(missingScripts(texts.join('\n'))).toEqual([]);
  expect(texts.join('\n')).toContain('npm run dev');
  // The control: a command that is not there is seen.
  expect(missingScripts('Run `npm run dev`, then `npm run no-such-thing`.')).toEqual(['no-such-thing']);
});
