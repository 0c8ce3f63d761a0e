/** Runs what the arguments ask for, and turns every failure into a message on standard error and an exit code. */
import { VERSION } from '../lib/version.js';
import { CommandFailed, UsageError } from './command-failed.js';
import { COMMANDS } from './commands.js';
import { EXIT } from './exit-codes.js';
import { helpFor } from './help.js';
import { parseCommandLine } from './parse-command-line.js';
import type { Terminal } from './terminal.js';
import { printable } from './text.js';

/** Resolves with the exit code, or with null for a program that runs on. Never rejects. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number | null> {
  try {
    const asked = parseCommandLine(COMMANDS, args, terminal.environment);
    if (asked.kind === 'run') return await asked.command.run(asked.given, terminal);
    terminal.print(asked.kind === 'version' ? `${VERSION}\n` : helpFor(COMMANDS, asked.words));
    return EXIT.done;
  } catch (error) {
    const failure = asFailure(error);
    terminal.note(args.includes('--json') ? asJson(failure) : asText(failure));
    return failure.exitCode;
  }
}

function asFailure(error: unknown): CommandFailed {
  if (error instanceof CommandFailed) return error;
  return new CommandFailed(EXIT.failed, error instanceof Error ? error.message : String(error));
}

function asText(failure: CommandFailed): string {
  const code = failure.code === null ? '' : ` (${failure.code})`;
  const message = `sallyport: ${printable(failure.message + code)}\n`;
  if (!(failure instanceof UsageError)) return message;
  return `${message}See: ${['sallyport', ...failure.words, '--help'].join(' ')}\n`;
}

function asJson({ exitCode, code, message }: CommandFailed): string {
  return `${JSON.stringify({ error: { exit_code: exitCode, code, message } })}\n`;
}
