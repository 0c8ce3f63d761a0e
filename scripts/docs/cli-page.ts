import type { Command } from '../../src/cli/command.js';
import { COMMANDS } from '../../src/cli/commands.js';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import { flagAbout, flagName, shownFlags, usageOf, withChoices } from '../../src/cli/help.js';

/** docs/CLI.md, from the table that --help is made from. */
export function renderCliPage(): string {
  return [
    '# The command line',
    '',
    '<!-- Generated from src/cli/commands.ts by `npm run docs`. -->',
    '',
    'Commands other than `serve` and `check-config` work on a running gateway, over REST and the client SDK. Put its URL into',
    '`SALLYPORT_URL` and an API key or the root key into `SALLYPORT_KEY`. With `--json` they print the answer of the gateway as it came,',
    'and errors as one line of JSON on standard error: `{"error":{"exit_code":5,"code":"key_not_found","message":"..."}}`. Without it the',
    'output is for people and may change. Flags may stand anywhere; write `--name=value` for a value that begins with `-`.',
    '',
    '| exit code | meaning |',
    '| --- | --- |',
    ...EXIT_CODES.map(([code, meaning]) => `| ${code} | ${meaning} |`),
    '',
    ...COMMANDS.flatMap(section),
  ].join('\n');
}

function section(command: Command): readonly string[] {
  const { words, about, details, operands, examples } = command;
  return [
    `## ${words.join(' ')}`,
    '',
    ...[about, ...(details?.split('\n') ?? [])],
    '',
    '```',
    usageOf(command).replace('usage: ', ''),
    '```',
    '',
    ...rows([
      ...operands.map(({ name, about: text, choices }) => [name, withChoices(text, choices)] as const),
      ...shownFlags(command).map((flag) => [flagName(flag), flagAbout(flag)] as const),
    ]),
    ...(examples.length === 0 ? [] : ['```sh', ...examples.map((example) => `sallyport ${example}`), '```', '']),
  ];
}

function rows(values: readonly (readonly [name: string, about: string])[]): readonly string[] {
  if (values.length === 0) return [];
  return ['| | |', '| --- | --- |', ...values.map(([name, about]) => `| \`${name}\` | ${about} |`), ''];
}
