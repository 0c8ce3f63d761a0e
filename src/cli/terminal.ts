/** The parts of the process that commands use. Only main.ts has the process itself. */
import type { Readable } from 'node:stream';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Terminal {
  readonly environment: Environment;
  /** Writes to standard output: what was asked for, and nothing else. */
  readonly print: (text: string) => void;
  /** Writes to standard error: notes and errors. */
  readonly note: (text: string) => void;
  readonly input: Readable;
  /** Calls `run` when the user presses Ctrl-C, the process is asked to end, or nobody reads standard output any more. */
  readonly onInterrupt: (run: () => void) => void;
  /** For `serve`, which maps signals and talks to its supervisor. */
  readonly process: NodeJS.Process;
  /** The module that a worker runs. */
  readonly main: string;
}
