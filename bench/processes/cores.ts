/** One core for each process, where the system can pin (Linux with taskset) and has two cores or more. */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const PINNER = 'taskset';

/** Read once, before this process moves to a core of its own: afterwards the system reports that core alone. */
const CORES = availableParallelism();

export interface Cores {
  readonly server: number | null;
  readonly load: number | null;
}

/** The server's core and the load's; nulls when the system cannot separate them. */
export function chooseCores(): Cores {
  const canPin = CORES >= 2 && [0, 1].every((core) => isAllowed(core));
  return canPin ? { server: 0, load: 1 } : { server: null, load: null };
}

/** No process has a core of its own. */
export const ANY_CORES: Cores = { server: null, load: null };

/** The core of a load worker: workers take the cores that the server does not have, in turn. */
export function loadCoreOf({ load }: Cores, worker: number): number | null {
  return load === null ? null : 1 + (worker % (CORES - 1));
}

/** The program and arguments that run `command` on that core. The process id is the command's, since taskset execs it. */
export function onCore(core: number | null, command: readonly string[]): readonly [string, string[]] {
  const [program = '', ...args] = core === null ? command : [PINNER, '-c', String(core), ...command];
  return [program, args];
}

/** Moves this process with all its threads. */
export function moveToCore(core: number | null): void {
  if (core !== null) spawnSync(PINNER, ['-acp', String(core), String(process.pid)]);
}

function isAllowed(core: number): boolean {
  return spawnSync(PINNER, ['-c', String(core), 'true']).status === 0;
}
