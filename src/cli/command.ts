/** A command is a value: --help, docs/CLI.md, the completion scripts and the parser are all made from it. */
import type { Flag, Operand } from './flag.js';
import type { Given } from './given.js';
import type { Terminal } from './terminal.js';

export interface Command {
  /** Such as `sessions`, `list`. */
  readonly words: readonly string[];
  /** One sentence. */
  readonly about: string;
  /** More sentences for the help of this command alone. */
  readonly details?: string;
  readonly operands: readonly Operand[];
  readonly flags: readonly Flag[];
  /** The arguments of an example, after `sallyport`. */
  readonly examples: readonly string[];
  /**
   * Resolves with the exit code, or with null for a program that runs on. Rejects with a `CommandFailed` whose message
   * the user reads.
   */
  run(given: Given, terminal: Terminal): Promise<number | null>;
}
