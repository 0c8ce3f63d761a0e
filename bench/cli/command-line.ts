/** The command line of `npm run bench`: the scenario's name, its options by that scenario's schema, and the help. */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { nearest } from '../../src/lib/nearest.js';
import type { Prepared, Scenario } from './scenario.js';

/** Options of every scenario. */
const OUTPUT = z.object({
  json: z.string().min(1).describe('file for the whole result').optional(),
  html: z.string().min(1).describe('file for one page with plots').optional(),
});

export type Command =
  | { readonly kind: 'help'; readonly text: string }
  | {
      readonly kind: 'run';
      readonly scenario: Scenario;
      readonly prepared: Prepared;
      readonly json: string | null;
      readonly html: string | null;
    };

/** Throws an error whose message tells a person what is wrong. */
export function parseCommand(args: readonly string[], scenarios: readonly Scenario[]): Command {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h') return { kind: 'help', text: overview(scenarios) };
  const scenario = scenarios.find((each) => each.name === name);
  if (scenario === undefined) {
    const names = scenarios.map((each) => each.name);
    throw new Error(`no scenario ${name}${didYouMean(name, names)}; there are ${names.join(', ')}`);
  }
  if (rest.includes('--help') || rest.includes('-h')) return { kind: 'help', text: helpOf(scenario) };
  const values = valuesOf(scenario, rest);
  const { json, html, ...own } = values;
  const output = OUTPUT.parse({ json, html });
  return {
    kind: 'run',
    scenario,
    prepared: scenario.prepare(own),
    json: output.json ?? null,
    html: output.html ?? null,
  };
}

/** The given texts and flags, by name. */
function valuesOf(scenario: Scenario, args: readonly string[]): Readonly<Record<string, unknown>> {
  const lines = optionLines(scenario);
  const options = Object.fromEntries(
    lines.map(({ name, isFlag }) => [name, { type: isFlag ? 'boolean' : 'string' } as const]),
  );
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const values: Record<string, unknown> = {};
  for (const token of tokens) {
    if (token.kind === 'positional') throw new Error(`${token.value} is not an option: options begin with --`);
    if (token.kind !== 'option') continue;
    const line = lines.find(({ name }) => name === token.name);
    if (line === undefined) throw new Error(unknownOption(scenario, token.rawName, lines));
    if (line.isFlag && token.value !== undefined) throw new Error(`--${token.name} takes no value`);
    const isMissing = token.value === undefined || (!token.inlineValue && token.value.startsWith('--'));
    if (!line.isFlag && isMissing) throw new Error(`--${token.name} needs a value`);
    values[token.name] = line.isFlag ? true : token.value;
  }
  return values;
}

function unknownOption(scenario: Scenario, raw: string, lines: readonly OptionLine[]): string {
  const names = lines.map(({ name }) => `--${name}`);
  return `${scenario.name} has no option ${raw}${didYouMean(raw, names)}; it takes ${names.join(', ')}`;
}

function didYouMean(given: string, names: readonly string[]): string {
  const near = nearest(given, names);
  return near === null ? '' : ` (did you mean ${near}?)`;
}

interface OptionLine {
  readonly name: string;
  readonly isFlag: boolean;
  readonly text: string;
}

const property = z.object({
  type: z.string().optional(),
  description: z.string().default(''),
  default: z.union([z.string(), z.number(), z.boolean()]).optional(),
  enum: z.array(z.string()).optional(),
});

/** One for each option of the schema. */
function optionLines({ options }: Scenario): readonly OptionLine[] {
  return Object.entries({ ...options.shape, ...OUTPUT.shape }).map(([name, schema]) => {
    const own = property.parse(z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' }));
    const isFlag = own.type === 'boolean';
    const choice = own.enum === undefined ? '' : ` (${own.enum.join(', ')})`;
    const fallback = isFlag || own.default === undefined ? '' : ` [${own.default}]`;
    return { name, isFlag, text: `${own.description}${choice}${fallback}` };
  });
}

function overview(scenarios: readonly Scenario[]): string {
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  return [
    'npm run bench -- <scenario> [options]',
    '',
    ...scenarios.map(({ name, summary }) => `  ${name.padEnd(width)}   ${summary}`),
    '',
    'npm run bench -- <scenario> --help   lists its options. All take --json FILE and --html FILE;',
    'most take --url and --key of a gateway that already runs. See docs/BENCH.md.',
    '',
  ].join('\n');
}

function helpOf(scenario: Scenario): string {
  const lines = optionLines(scenario);
  const width = Math.max(...lines.map(({ name }) => name.length));
  return [
    `npm run bench -- ${scenario.name} [options]`,
    '',
    `  ${scenario.summary}`,
    '',
    ...lines.map(({ name, text }) => `  --${name.padEnd(width)}   ${text}`),
    '',
  ].join('\n');
}
