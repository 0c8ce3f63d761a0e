/** The flags and operands that the user gave to one command. */
import { UsageError } from './command-failed.js';
import type { Flag, Operand } from './flag.js';
import type { Environment } from './terminal.js';

export interface IntegerRange {
  readonly min: number;
  readonly max: number;
}

/** The part of a command that says what it takes. */
interface Declared {
  readonly words: readonly string[];
  readonly operands: readonly Operand[];
  readonly flags: readonly Flag[];
}

export class Given {
  constructor(
    private readonly command: Declared,
    private readonly flags: ReadonlyMap<string, readonly string[]>,
    private readonly operands: readonly string[],
    private readonly environment: Environment,
  ) {}

  /** Whether a flag without a value was given. */
  has(name: string): boolean {
    this.flag(name);
    return this.flags.has(name);
  }

  /** The value of the flag, or of its variable; null when neither is set. An empty variable counts as unset. */
  text(name: string): string | null {
    const { variable } = this.flag(name);
    const written = this.flags.get(name)?.at(-1);
    if (written !== undefined) return written;
    const value = variable === undefined ? undefined : this.environment[variable];
    return value === undefined || value === '' ? null : value;
  }

  /** All values of a flag that may be repeated. */
  texts(name: string): readonly string[] {
    this.flag(name);
    return this.flags.get(name) ?? [];
  }

  /** Throws a `UsageError` for a value that is not a decimal integer in this range. */
  integer(name: string, { min, max }: IntegerRange): number | null {
    const text = this.text(name);
    if (text === null) return null;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw this.wrong(name, `expected an integer from ${min} to ${max}`);
  }

  operand(index: number): string | null {
    return this.operands[index] ?? null;
  }

  /** Throws a `UsageError` when the operand is absent, which the parser checks for operands that are not optional. */
  required(index: number): string {
    const value = this.operand(index);
    if (value !== null) return value;
    throw new UsageError(`${this.command.operands[index]?.name ?? 'an argument'} is missing`, this.command.words);
  }

  /** The error for a flag with a wrong value. It does not repeat the value, which may be a secret. */
  wrong(name: string, problem: string): UsageError {
    const { variable } = this.flag(name);
    const source = this.flags.has(name) || variable === undefined ? `--${name}` : variable;
    return new UsageError(`${source}: ${problem}`, this.command.words);
  }

  /** The error for flags or operands that are missing or contradict each other. */
  refuse(problem: string): UsageError {
    return new UsageError(problem, this.command.words);
  }

  private flag(name: string): Flag {
    const flag = this.command.flags.find((each) => each.name === name);
    if (flag === undefined) throw new Error(`${this.command.words.join(' ')} declares no flag ${name}`);
    return flag;
  }
}
