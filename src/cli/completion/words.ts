/** The words that can follow in a command line, for the completion scripts of the shells. */
import type { Command } from '../command.js';
import type { Flag } from '../flag.js';

/** A point in the command line: after these words, these may come next. */
export interface Place {
  /** The words so far, without flags and operands, such as `sessions`. */
  readonly words: readonly string[];
  readonly next: readonly Suggestion[];
  readonly flags: readonly Flag[];
}

export interface Suggestion {
  readonly word: string;
  readonly about: string;
}

/** `common`: the flags of every command. */
export function placesOf(commands: readonly [Command, ...Command[]], common: readonly Flag[]): readonly Place[] {
  const groups = [...new Set(commands.filter(({ words }) => words.length > 1).map(({ words }) => words[0] ?? ''))];
  return [
    { words: [], next: firstWords(commands, groups), flags: [...shown(commands[0].flags), ...common] },
    ...groups.map((group) => ({
      words: [group],
      next: commands
        .filter(({ words }) => words[0] === group)
        .map(({ words, about }) => ({ word: words[1] ?? '', about })),
      flags: common,
    })),
    ...commands.map(({ words, operands, flags }) => ({
      words,
      next: (operands[0]?.choices ?? []).map((word) => ({ word, about: '' })),
      flags: [...shown(flags), ...common],
    })),
  ];
}

function firstWords(commands: readonly Command[], groups: readonly string[]): readonly Suggestion[] {
  const single = commands.filter(({ words }) => words.length === 1);
  return [
    ...single.map(({ words, about }) => ({ word: words.join(' '), about })),
    ...groups.map((group) => ({ word: group, about: `Commands for ${group}.` })),
  ];
}

function shown(flags: readonly Flag[]): readonly Flag[] {
  return flags.filter(({ isHidden }) => isHidden !== true);
}

/** The flags that take a value, each once. */
export function flagsWithValue(places: readonly Place[]): readonly Flag[] {
  const flags = places.flatMap((place) => place.flags).filter(({ value }) => value !== undefined);
  return [...new Map(flags.map((flag) => [flag.name, flag])).values()];
}
