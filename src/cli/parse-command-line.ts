/**
 * Finds the command, its flags and its operands among the arguments. Flags may stand anywhere, also before the command.
 * An error names a flag or a command, and never repeats an operand or a value: either may be a secret in the wrong place.
 */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { nearest } from '../lib/nearest.js';
import { UsageError } from './command-failed.js';
import type { Command } from './command.js';
import type { Flag } from './flag.js';
import { Given } from './given.js';
import type { Environment } from './terminal.js';

/** Flags of every command. */
export const HELP: Flag = { name: 'help', short: 'h', about: 'Show this help.' };
export const VERSION: Flag = { name: 'version', short: 'V', about: 'Show the version.' };

export type Asked =
  | { readonly kind: 'version' }
  /** `words` are those of a command, or the first words of several. */
  | { readonly kind: 'help'; readonly words: readonly string[] }
  | { readonly kind: 'run'; readonly command: Command; readonly given: Given };

interface WrittenFlag {
  readonly name: string;
  /** As the user wrote it: with its dashes, without its value. */
  readonly shown: string;
  readonly value: string | undefined;
  /** Whether the value stands behind `=`. */
  readonly isInline: boolean;
}

/** `commands`: the first one runs when the arguments name none. Throws a `UsageError`. */
export function parseCommandLine(
  commands: readonly [Command, ...Command[]],
  args: readonly string[],
  environment: Environment,
): Asked {
  const all = [...commands.flatMap(({ flags }) => flags), HELP, VERSION];
  const { written, positionals } = split(args, all);
  checkKnown(written, all, positionals.length === 0 ? undefined : named(commands, positionals));
  const isAskedFor = ({ name }: Flag): boolean => written.some((flag) => flag.name === name);
  if (isAskedFor(VERSION)) return { kind: 'version' };
  if (isAskedFor(HELP)) return { kind: 'help', words: scopeOf(commands, positionals) };
  const command = findCommand(commands, positionals);
  const operands = positionals.slice(positionals.length === 0 ? 0 : command.words.length);
  const values = valuesOf(command, written);
  checkOperands(command, operands);
  return { kind: 'run', command, given: new Given(command, values, operands, environment) };
}

function split(
  args: readonly string[],
  flags: readonly Flag[],
): { readonly written: readonly WrittenFlag[]; readonly positionals: readonly string[] } {
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const { name, short, value } of flags) {
    const type = value === undefined ? 'boolean' : 'string';
    options[name] = short === undefined ? { type } : { type, short };
  }
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const written = tokens.flatMap((token) =>
    token.kind === 'option'
      ? [{ name: token.name, shown: token.rawName, value: token.value, isInline: token.inlineValue === true }]
      : [],
  );
  return { written, positionals };
}

function checkKnown(written: readonly WrittenFlag[], flags: readonly Flag[], command: Command | undefined): void {
  for (const { name, shown } of written) {
    if (flags.some((flag) => flag.name === name)) continue;
    const shownFlags = (command?.flags ?? flags).filter(({ isHidden }) => isHidden !== true);
    const suggestion = nearest(
      name,
      shownFlags.map((flag) => flag.name),
    );
    throw new UsageError(
      `unknown flag${isWord(name) ? ` ${shown}` : ''}${hint(suggestion, '--')}`,
      command?.words ?? [],
    );
  }
}

/** The words that help is asked about: those of a command, the first words of several, or none. */
function scopeOf(commands: readonly Command[], positionals: readonly string[]): readonly string[] {
  if (positionals.length === 0) return [];
  const command = named(commands, positionals);
  if (command !== undefined) return command.words;
  const [group = ''] = positionals;
  if (commands.some(({ words }) => words[0] === group)) return [group];
  throw unknownCommand(commands, positionals);
}

function findCommand(commands: readonly [Command, ...Command[]], positionals: readonly string[]): Command {
  if (positionals.length === 0) return commands[0];
  const command = named(commands, positionals);
  if (command === undefined) throw unknownCommand(commands, positionals);
  return command;
}

function named(commands: readonly Command[], positionals: readonly string[]): Command | undefined {
  return commands.find(({ words }) => words.every((word, index) => positionals[index] === word));
}

function unknownCommand(commands: readonly Command[], [first = '', second]: readonly string[]): UsageError {
  const group = commands.filter(({ words }) => words[0] === first);
  const seconds = group.flatMap(({ words }) => words.slice(1));
  if (seconds.length > 0) {
    const expected = `expected one of ${seconds.join(', ')}`;
    if (second === undefined) return new UsageError(`${first}: ${expected}`, [first]);
    return new UsageError(`${first} has no such command${hint(nearest(second, seconds))}: ${expected}`, [first]);
  }
  const suggestion = nearest(first, [...new Set(commands.flatMap(({ words }) => words.slice(0, 1)))]);
  return new UsageError(`there is no such command${isWord(first) ? `: ${first}` : ''}${hint(suggestion)}`);
}

function valuesOf(command: Command, written: readonly WrittenFlag[]): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, readonly string[]>();
  for (const one of written) {
    const flag = command.flags.find(({ name }) => name === one.name);
    if (flag === undefined) throw new UsageError(`${command.words.join(' ')} takes no ${one.shown}`, command.words);
    const before = values.get(flag.name) ?? [];
    if (before.length > 0 && flag.isRepeatable !== true)
      throw new UsageError(`${one.shown} is given twice`, command.words);
    values.set(flag.name, [...before, valueOf(command, flag, one)]);
  }
  return values;
}

function valueOf(command: Command, flag: Flag, { shown, value, isInline }: WrittenFlag): string {
  if (flag.value === undefined) {
    if (value !== undefined) throw new UsageError(`${shown} takes no value`, command.words);
    return '';
  }
  if (value === undefined || value === '') throw new UsageError(`${shown} needs a value: ${flag.value}`, command.words);
  if (!isInline && value.startsWith('-')) {
    const example = `write --${flag.name}=${flag.value} for a value that begins with -`;
    throw new UsageError(`${shown} needs a value; ${example}`, command.words);
  }
  if (flag.choices?.includes(value) === false) {
    throw new UsageError(`${shown}: expected one of ${flag.choices.join(', ')}`, command.words);
  }
  return value;
}

function checkOperands({ words, operands }: Command, given: readonly string[]): void {
  const missing = operands.find(({ isOptional }, index) => isOptional !== true && given[index] === undefined);
  if (missing !== undefined) throw new UsageError(`${missing.name} is missing`, words);
  if (given.length > operands.length) throw new UsageError(tooMany(words, operands.length, given.length), words);
  for (const [index, { name, choices }] of operands.entries()) {
    const value = given[index];
    if (value === undefined) continue;
    if (value === '') throw new UsageError(`${name} is empty`, words);
    if (choices?.includes(value) === false)
      throw new UsageError(`${name}: expected one of ${choices.join(', ')}`, words);
  }
}

function tooMany(words: readonly string[], taken: number, given: number): string {
  const expected = taken === 0 ? 'no arguments' : taken === 1 ? 'one argument' : `${taken} arguments`;
  return `${words.join(' ')} takes ${expected}, got ${given}`;
}

function hint(suggestion: string | null, prefix = ''): string {
  return suggestion === null ? '' : `; did you mean ${prefix}${suggestion}?`;
}

/** A text that is short and plain enough to be a command or a flag, and no secret. */
function isWord(text: string): boolean {
  return /^[a-z][a-z-]{0,23}$/i.test(text);
}
