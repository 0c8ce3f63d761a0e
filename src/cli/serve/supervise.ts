/** Builds the supervisor of the workers that the settings ask for. */
import type { PinoLog } from '../../adapters/pino/log.js';
import type { Config } from '../../config/schema.js';
import { ownPortOf } from '../../config/worker-rules.js';
import type { Environment } from '../../gateway.js';
import { VERSION } from '../../lib/version.js';
import type { Clock } from '../../ports/clock.js';
import { freeEntryPort } from './entry-port.js';
import type { Program } from './program.js';
import { Supervisor } from './supervisor.js';
import { startWorkerProcess } from './worker-process.js';

/** The time that a worker may need beside closing its sockets: for requests, services, the log. */
const STOP_MARGIN_MS = 60_000;
const LOG_FLUSH_MS = 1000;

export interface SupervisorGround {
  readonly config: Config;
  readonly settings: Environment;
  readonly log: PinoLog;
  /** The module that a worker runs. */
  readonly main: string;
}

export function createSupervisor({ config, settings, log, main }: SupervisorGround): Program {
  let entryPort = config.port;
  const supervisor = new Supervisor({
    workers: config.workers,
    startProcess: (worker) =>
      startWorkerProcess(main, settings, { worker, entryPort, ownPort: ownPortOf(config, worker) }),
    clock: lastingClock,
    log,
    stopWithinMs: config.drainTimeoutMs + STOP_MARGIN_MS,
  });
  let stopping: Promise<number> | null = null;
  const stop = async (): Promise<number> => {
    log.info('stopping', { workers: config.workers });
    const isOrderly = await supervisor.stop();
    log.info('stopped');
    await log.flushLog(LOG_FLUSH_MS);
    return isOrderly ? 0 : 1;
  };
  return {
    log,
    async start() {
      entryPort = await freeEntryPort(config.host, config.port);
      const engine = await supervisor.start();
      const host = config.host.includes(':') ? `[${config.host}]` : config.host;
      const url = `http://${host}:${String(entryPort)}`;
      log.info('listening', {
        url,
        port: entryPort,
        engine,
        store: 'redis',
        workers: config.workers,
        version: VERSION,
      });
    },
    stop: () => (stopping ??= stop()),
    kill: () => {
      supervisor.kill();
    },
  };
}

/** Unlike the clock of a gateway it keeps the process alive: when all workers wait for a restart, nothing else does. */
const lastingClock: Pick<Clock, 'after' | 'monotonicMs'> = {
  monotonicMs: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return {
      cancel: () => {
        clearTimeout(timer);
      },
    };
  },
};
