import { EXIT, type ExitCode } from './exit-codes.js';

/** A command that ends with a message for people and an exit code. The message never repeats a key or a credential. */
export class CommandFailed extends Error {
  override readonly name: string = 'CommandFailed';

  constructor(
    readonly exitCode: ExitCode,
    message: string,
    /** A code of the gateway's error catalogue or of the SDK; null when there is none. */
    readonly code: string | null = null,
  ) {
    super(message);
  }
}

/** A command line that the command does not take. */
export class UsageError extends CommandFailed {
  override readonly name = 'UsageError';

  constructor(
    message: string,
    /** The words of the command that the user may have meant; its help says more. */
    readonly words: readonly string[] = [],
  ) {
    super(EXIT.usage, message);
  }
}
