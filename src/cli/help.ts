/** The texts of --help, from the commands. */
import type { Command } from './command.js';
import type { Flag } from './flag.js';
import { EXIT_CODES } from './exit-codes.js';
import { HELP, VERSION } from './parse-command-line.js';
import { columns } from './text.js';

/** Help for the command with these words, for all commands that begin with them, or for the program. */
export function helpFor(commands: readonly Command[], words: readonly string[]): string {
  const command = commands.find((each) => each.words.join(' ') === words.join(' '));
  if (command !== undefined) return commandHelp(command);
  const group = commands.filter((each) => words.every((word, index) => each.words[index] === word));
  return words.length === 0 ? programHelp(commands) : groupHelp(words, group);
}

function programHelp(commands: readonly Command[]): string {
  return [
    'Sallyport, a realtime session and relay gateway.',
    '',
    'usage: sallyport [COMMAND] [FLAGS]     without a command: serve',
    '',
    columns(commands.map(lineOf)),
    '',
    'Every command:',
    columns([HELP, VERSION].map(flagLine)),
    '',
    'Exit codes:',
    columns(EXIT_CODES.map(([code, meaning]) => [`  ${code}`, meaning])),
    '',
    'sallyport COMMAND --help says more. docs/CLI.md has the same in one page.',
    '',
  ].join('\n');
}

function groupHelp(words: readonly string[], commands: readonly Command[]): string {
  return [
    `usage: sallyport ${words.join(' ')} COMMAND [FLAGS]`,
    '',
    columns(commands.map(lineOf)),
    '',
    `sallyport ${words.join(' ')} COMMAND --help says more.`,
    '',
  ].join('\n');
}

function commandHelp(command: Command): string {
  const { about, details, operands, examples } = command;
  return [
    usageOf(command),
    '',
    [about, ...(details === undefined ? [] : [details])].join('\n'),
    '',
    ...(operands.length === 0
      ? []
      : [columns(operands.map((each) => [`  ${each.name}`, withChoices(each.about, each.choices)])), '']),
    columns([...shownFlags(command), HELP].map(flagLine)),
    '',
    ...(examples.length === 0 ? [] : ['Examples:', ...examples.map((each) => `  sallyport ${each}`), '']),
  ].join('\n');
}

export function usageOf({ words, operands, flags }: Command): string {
  const named = operands.map(({ name, isOptional }) => (isOptional === true ? `[${name}]` : name));
  return ['usage: sallyport', ...words, ...named, ...(flags.length === 0 ? [] : ['[FLAGS]'])].join(' ');
}

export function shownFlags({ flags }: Command): readonly Flag[] {
  return flags.filter(({ isHidden }) => isHidden !== true);
}

/** The flag as help names it, such as `--limit N`. */
export function flagName({ name, short, value }: Flag): string {
  const long = value === undefined ? `--${name}` : `--${name} ${value}`;
  return short === undefined ? long : `-${short}, ${long}`;
}

/** The whole description of a flag. */
export function flagAbout({ about, choices, variable, isRepeatable }: Flag): string {
  const more = [
    ...(isRepeatable === true ? ['May be repeated.'] : []),
    ...(variable === undefined ? [] : [`Or ${variable}.`]),
  ];
  return [withChoices(about, choices), ...more].join(' ');
}

export function withChoices(about: string, choices: readonly string[] | undefined): string {
  return choices === undefined ? about : `${about} One of ${choices.join(', ')}.`;
}

function lineOf({ words, operands, about }: Command): readonly [string, string] {
  const named = operands.map(({ name, isOptional }) => (isOptional === true ? `[${name}]` : name));
  return [`  ${[...words, ...named].join(' ')}`, about];
}

function flagLine(flag: Flag): readonly [string, string] {
  return [`  ${flagName(flag)}`, flagAbout(flag)];
}
