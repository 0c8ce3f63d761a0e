/** The command as `serve` runs it: one gateway, a supervisor with its workers, or one of these workers. */
import { createPinoLog } from '../../adapters/pino/log.js';
import { parseConfig } from '../../config/parse.js';
import { ConfigError, createGateway, type Environment, type Listening, type WorkerRole } from '../../gateway.js';
import type { Terminal } from '../terminal.js';
import { greeting } from './greeting.js';
import type { Program } from './program.js';
import { createSupervisor } from './supervise.js';
import type { SupervisorLink } from './worker-link.js';

/** Rejects with a `ConfigError`, or as `createGateway` does. */
export async function createProgram(
  settings: Environment,
  terminal: Pick<Terminal, 'main' | 'print' | 'note' | 'process'>,
): Promise<Program> {
  const parsed = parseConfig(settings);
  if (!parsed.ok) throw new ConfigError(parsed.problems);
  const { config } = parsed;
  if (config.workers === 1) return createSingle(settings, terminal);
  const log = createPinoLog({ level: config.logLevel, format: config.logFormat });
  return createSupervisor({ config, settings, log, main: terminal.main });
}

async function createSingle(
  settings: Environment,
  terminal: Pick<Terminal, 'print' | 'note' | 'process'>,
): Promise<Program> {
  const gateway = await createGateway(settings);
  return {
    log: gateway.log,
    async start() {
      const listening = await gateway.start();
      if (listening.store === 'memory') greet(listening, terminal);
    },
    stop: () => gateway.stop().then(() => 0),
    kill: () => undefined,
  };
}

/**
 * In a terminal the greeting follows the line `listening`. Elsewhere standard output is the log alone; a key that was
 * made for this run is nowhere else, so it goes to standard error with the greeting.
 */
function greet(listening: Listening, { print, note, process }: Pick<Terminal, 'print' | 'note' | 'process'>): void {
  if (process.stdout.isTTY) print(greeting(listening));
  else if (listening.rootKey !== null) note(greeting(listening));
}

/** Rejects like `createGateway`. Tells the supervisor when it serves. */
export async function createWorker(settings: Environment, role: WorkerRole, link: SupervisorLink): Promise<Program> {
  const gateway = await createGateway(settings, { role });
  return {
    log: gateway.log,
    async start() {
      const { engine } = await gateway.start();
      link.tell({ type: 'listening', engine });
    },
    stop: () => gateway.stop().then(() => 0),
    kill: () => undefined,
  };
}
