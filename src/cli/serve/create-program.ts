/** The command as `serve` runs it: one gateway, a supervisor with its workers, or one of these workers. */
import { createPinoLog } from '../../adapters/pino/log.js';
import { parseConfig } from '../../config/parse.js';
import { ConfigError, createGateway, type Environment, type WorkerRole } from '../../gateway.js';
import type { Terminal } from '../terminal.js';
import { greeting } from './greeting.js';
import type { Program } from './program.js';
import { createSupervisor } from './supervise.js';
import type { SupervisorLink } from './worker-link.js';

/** Rejects with a `ConfigError`, or as `createGateway` does. */
export async function createProgram(
  settings: Environment,
  terminal: Pick<Terminal, 'main' | 'print'>,
): Promise<Program> {
  const parsed = parseConfig(settings);
  if (!parsed.ok) throw new ConfigError(parsed.problems);
  const { config } = parsed;
  if (config.workers === 1) return createSingle(settings, terminal);
  const log = createPinoLog({ level: config.logLevel });
  return createSupervisor({ config, settings, log, main: terminal.main });
}

async function createSingle(settings: Environment, { print }: Pick<Terminal, 'print'>): Promise<Program> {
  const gateway = await createGateway(settings);
  return {
    log: gateway.log,
    async start() {
      const listening = await gateway.start();
      if (listening.store === 'memory') print(greeting(listening));
    },
    stop: () => gateway.stop().then(() => 0),
    kill: () => undefined,
  };
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
