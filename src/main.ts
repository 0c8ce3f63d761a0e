/** The program: reads arguments and environment, and maps signals. The only file that touches `process`. */
import { fileURLToPath } from 'node:url';
import { parseArguments } from './cli/arguments.js';
import { createProgram, createWorker } from './cli/create-program.js';
import type { Program } from './cli/program.js';
import { WorkerFailed } from './cli/supervisor.js';
import { isStop } from './cli/worker-link.js';
import { ConfigError } from './gateway.js';

const EXIT_CONFIG = 78; // EX_CONFIG of sysexits.h
const EXIT_FAILED = 1;

async function main(): Promise<void> {
  let program: Program | null = null;
  try {
    const { settings, role } = parseArguments(process.argv.slice(2), process.env);
    if (role === null) {
      program = await createProgram(settings, {
        main: fileURLToPath(import.meta.url),
        print: (text) => process.stdout.write(text),
      });
      mapSignals(program, 'second signal ends at once');
    } else {
      program = await createWorker(settings, role, { tell: (message) => process.send?.(message) });
      followSupervisor(mapSignals(program, 'every signal means the same'));
    }
    await program.start();
  } catch (error) {
    await fail(error, program);
  }
}

async function fail(error: unknown, program: Program | null): Promise<void> {
  if (error instanceof ConfigError) {
    process.stderr.write(`sallyport cannot start:\n${error.problems.map((problem) => `  ${problem}\n`).join('')}`);
    process.exit(EXIT_CONFIG);
  }
  process.stderr.write(`sallyport cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  await program?.stop();
  // The worker has said why it cannot start.
  process.exit(error instanceof WorkerFailed ? error.code : EXIT_FAILED);
}

/**
 * The terminal and systemd send a signal to the workers as well as to their supervisor, so only the supervisor takes the
 * second one as impatience. Returns how the program ends in order.
 */
function mapSignals(program: Program, rule: 'second signal ends at once' | 'every signal means the same'): () => void {
  const end = (failed: boolean): void => {
    program.stop().then(
      (code) => process.exit(failed ? EXIT_FAILED : code),
      () => process.exit(EXIT_FAILED),
    );
  };
  let isStopping = false;
  const onSignal = (): void => {
    if (isStopping && rule === 'every signal means the same') return;
    if (isStopping) {
      program.kill();
      process.exit(EXIT_FAILED);
    }
    isStopping = true;
    end(false);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('unhandledRejection', (cause) => {
    program.log.error('unhandled_rejection', cause);
  });
  process.on('uncaughtException', (cause) => {
    program.log.error('uncaught_exception', cause);
    end(true);
  });
  return onSignal;
}

/** A worker ends in order when its supervisor says so, and when its supervisor is gone. */
function followSupervisor(end: () => void): void {
  process.on('message', (message) => {
    if (isStop(message)) end();
  });
  process.on('disconnect', end);
  // The supervisor may have ended while this process loaded its modules.
  if (!process.connected) end();
}

await main();
