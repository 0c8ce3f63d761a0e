/** The CPU time of a process with all its threads, and how long it waited for a core, as Linux counts it. */
import { existsSync, readFileSync } from 'node:fs';
import { sumOf } from './statistics.js';

/** The unit of times that the kernel shows to every program (USER_HZ). */
const TICKS_PER_S = 100;
/** Fields of /proc/<pid>/stat after the name in parentheses, which may contain spaces. */
const USER_FIELD = 11;
const SYSTEM_FIELD = 12;
const US_PER_S = 1e6;

export interface CpuTime {
  readonly userS: number;
  readonly systemS: number;
  /** How long its first thread was ready to run while something else had the core. */
  readonly waitS: number;
}

/** Whether the system tells about other processes. */
export const canWatchProcesses = existsSync('/proc/self/schedstat');

export function cpuTimeOf(pid: number): CpuTime {
  // CPU time comes in steps of 10 ms, waiting in nanoseconds.
  const [, waitNs = '0'] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    userS: Number(fields[USER_FIELD]) / TICKS_PER_S,
    systemS: Number(fields[SYSTEM_FIELD]) / TICKS_PER_S,
    waitS: Number(waitNs) / 1e9,
  };
}

/**
 * The sum over these processes and those that they started: a supervisor relays nothing, its workers do. `waitS` is 0 for
 * several `pids`: they also wait for each other, which nothing else caused.
 */
export function cpuTimeOfAll(pids: readonly number[]): CpuTime {
  const times = pids.flatMap((pid) => [pid, ...childrenOf(pid)]).map(cpuTimeOf);
  return {
    userS: sumOf(times, ({ userS }) => userS),
    systemS: sumOf(times, ({ systemS }) => systemS),
    waitS: pids.length === 1 ? Math.max(...times.map(({ waitS }) => waitS)) : 0,
  };
}

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** The times of this process, on any system. `waitS` is 0 where the system does not count it. */
export function ownCpuTime(): CpuTime {
  const { user, system } = process.cpuUsage();
  const waitS = canWatchProcesses ? cpuTimeOf(process.pid).waitS : 0;
  return { userS: user / US_PER_S, systemS: system / US_PER_S, waitS };
}

export function cpuTimeBetween(from: CpuTime, to: CpuTime): CpuTime {
  return { userS: to.userS - from.userS, systemS: to.systemS - from.systemS, waitS: to.waitS - from.waitS };
}

/** The share of a core that this is over so many seconds. */
export function shareOf({ userS, systemS }: CpuTime, seconds: number): number {
  return (userS + systemS) / seconds;
}
