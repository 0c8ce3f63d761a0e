import { CONFIG_KEYS, type ConfigKey } from '../../src/config/schema.js';

/** docs/CONFIG.md, from the schema. */
export function renderConfigPage(): string {
  return [
    '# Configuration',
    '',
    '<!-- Generated from src/config/schema.ts by `npm run docs`. -->',
    '',
    'Environment variables set everything. At start, the gateway reports all problems together and exits. A key that begins',
    'with `SALLYPORT_` and is not listed here is such a problem, except `SALLYPORT_TEST_...`, which only the tests read.',
    'A key set to the empty string counts as unset. Values of secret keys are never shown.',
    '',
    '| key | type | unit | default | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...CONFIG_KEYS.map(row),
    '',
    'If `SALLYPORT_REDIS_URL` is set, set `SALLYPORT_ROOT_KEY` and `SALLYPORT_SECRET` too, to the same values on every node:',
    'there are no default secrets. `openssl rand -base64 36` generates one.',
    '',
  ].join('\n');
}

function row(key: ConfigKey): string {
  const meaning = key.secret ? `${key.doc} **Secret.**` : key.doc;
  return `| ${[`\`${key.env}\``, key.type, key.unit ?? '', defaultCell(key), meaning].join(' | ')} |`;
}

function defaultCell(key: ConfigKey): string {
  if (key.default === null) return `unset: ${key.unset ?? 'none'}`;
  return key.default === '' ? 'empty' : `\`${key.default}\``;
}
