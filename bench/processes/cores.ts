/** One process, one core: where the system can pin (Linux with taskset), and has at least two cores to keep apart. */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Of util-linux. */
const PINNER = 'taskset';

/** Asked once, before this process moves to a core of its own: then the system tells of that one alone. */
const CORES = availableParallelism();

export interface Cores {
  readonly server: number | null;
  readonly load: number | null;
}

/** The server's core and the load's; nulls when they cannot be kept apart. */
export function chooseCores(): Cores {
  const canPin = CORES >= 2 && [0, 1].every((core) => isAllowed(core));
  return canPin ? { server: 0, load: 1 } : { server: null, load: null };
}

/** Nobody is bound to a core. */
export const ANY_CORES: Cores = { server: null, load: null };

/** The core of one of several load workers: those that the server does not have, in turn. */
export function loadCoreOf({ load }: Cores, worker: number): number | null {
  return load === null ? null : 1 + (worker % (CORES - 1));
}

/** The program and arguments that run `command` on that core. taskset becomes what it runs: the process id stays. */
export function onCore(core: number | null, command: readonly string[]): readonly [string, string[]] {
  const [program = '', ...args] = core === null ? command : [PINNER, '-c', String(core), ...command];
  return [program, args];
}

/** This process, with all its threads. */
export function moveToCore(core: number | null): void {
  if (core !== null) spawnSync(PINNER, ['-acp', String(core), String(process.pid)]);
}

function isAllowed(core: number): boolean {
  return spawnSync(PINNER, ['-c', String(core), 'true']).status === 0;
}
