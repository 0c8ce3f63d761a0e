/** Runs the gateway in this process, or its workers in others, and maps signals to the end of it. */
import { ConfigError, type WorkerRole } from '../../gateway.js';
import { EXIT } from '../exit-codes.js';
import type { Environment, Terminal } from '../terminal.js';
import { createProgram, createWorker } from './create-program.js';
import type { Program } from './program.js';
import { WorkerFailed } from './supervisor.js';
import { isStop } from './worker-link.js';

/** Resolves with null when the program serves, and with the exit code when it cannot start. */
export async function serve(settings: Environment, terminal: Terminal): Promise<number | null> {
  return run(terminal, async () => {
    const program = await createProgram(settings, terminal);
    mapSignals(terminal.process, program, 'second signal ends at once');
    return program;
  });
}

/** The same for a process that a supervisor started. */
export async function serveAsWorker(
  settings: Environment,
  role: WorkerRole,
  terminal: Terminal,
): Promise<number | null> {
  const { process } = terminal;
  return run(terminal, async () => {
    const program = await createWorker(settings, role, { tell: (message) => process.send?.(message) });
    followSupervisor(process, mapSignals(process, program, 'every signal means the same'));
    return program;
  });
}

async function run(terminal: Terminal, create: () => Promise<Program>): Promise<number | null> {
  let program: Program | null = null;
  try {
    program = await create();
    await program.start();
    return null;
  } catch (error) {
    terminal.note(whyNot(error));
    await program?.stop();
    if (error instanceof ConfigError) return end(terminal, EXIT.settings);
    // The worker has said why it cannot start.
    return end(terminal, error instanceof WorkerFailed ? error.code : EXIT.failed);
  }
}

function whyNot(error: unknown): string {
  if (error instanceof ConfigError) {
    return `sallyport cannot start:\n${error.problems.map((problem) => `  ${problem}\n`).join('')}`;
  }
  return `sallyport cannot start: ${error instanceof Error ? error.message : String(error)}\n`;
}

/** Parts of a gateway that has not started wholly may still run, so the process does not end by itself. */
function end({ process }: Terminal, code: number): never {
  return process.exit(code);
}

/**
 * The terminal and systemd send a signal to the workers as well as to their supervisor, so only the supervisor takes the
 * second one as impatience. Returns how the program ends in order.
 */
function mapSignals(
  process: NodeJS.Process,
  program: Program,
  rule: 'second signal ends at once' | 'every signal means the same',
): () => void {
  const endWith = (failed: boolean): void => {
    program.stop().then(
      (code) => process.exit(failed ? EXIT.failed : code),
      () => process.exit(EXIT.failed),
    );
  };
  let isStopping = false;
  const onSignal = (): void => {
    if (isStopping && rule === 'every signal means the same') return;
    if (isStopping) {
      program.kill();
      process.exit(EXIT.failed);
    }
    isStopping = true;
    endWith(false);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('unhandledRejection', (cause) => {
    program.log.error('unhandled_rejection', cause);
  });
  process.on('uncaughtException', (cause) => {
    program.log.error('uncaught_exception', cause);
    endWith(true);
  });
  return onSignal;
}

/** A worker ends in order when its supervisor says so, and when its supervisor is gone. */
function followSupervisor(process: NodeJS.Process, stop: () => void): void {
  process.on('message', (message) => {
    if (isStop(message)) stop();
  });
  process.on('disconnect', stop);
  // The supervisor may have ended while this process loaded its modules.
  if (!process.connected) stop();
}
