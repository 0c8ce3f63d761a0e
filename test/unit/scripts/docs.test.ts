import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { renderConfigPage } from '../../../scripts/docs/config-page.js';
import { renderErrorsPage } from '../../../scripts/docs/errors-page.js';
import { CONFIG_KEYS } from '../../../src/config/schema.js';
import { CLOSE_CODES } from '../../../src/protocol/close-codes.js';
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
