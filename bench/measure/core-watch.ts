/** What a process uses of its core, and how much of it others take while the process is ready to run. */
import { readFileSync } from 'node:fs';
import { cpuTimeBetween, cpuTimeOf, shareOf, type CpuTime } from './cpu.js';

/** Fields of a core's line in /proc/stat: idle and waiting for a disk are no work. */
const IDLE_FIELDS: readonly number[] = [3, 4];
/** Guest time is within the others. */
const FIELDS = 8;
const TICKS_PER_S = 100;

export class CoreWatch {
  private readonly from: CpuTime;
  private readonly coreFromS: number;

  /** Counts from now on. `core` null: the process has none of its own, so what others take is what it waits. */
  constructor(
    private readonly pid: number,
    private readonly core: number | null,
  ) {
    this.from = cpuTimeOf(pid);
    this.coreFromS = core === null ? 0 : busyOf(core);
  }

  /**
   * Since the watch began. The kernel's count of waiting has the process' own other threads in it, that of its core has
   * times in it when the process had nothing to do: what was taken is at most the smaller of the two.
   */
  read(): { readonly cpu: CpuTime; readonly robbedS: number } {
    const cpu = cpuTimeBetween(this.from, cpuTimeOf(this.pid));
    if (this.core === null) return { cpu, robbedS: cpu.waitS };
    const othersS = busyOf(this.core) - this.coreFromS - shareOf(cpu, 1);
    return { cpu, robbedS: Math.max(0, Math.min(cpu.waitS, othersS)) };
  }
}

/** Seconds that the core has worked since the system started. */
function busyOf(core: number): number {
  const line = new RegExp(`^cpu${core} (.*)$`, 'm').exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? '';
  const ticks = line.split(' ').slice(0, FIELDS).map(Number);
  return ticks.filter((_, field) => !IDLE_FIELDS.includes(field)).reduce((sum, each) => sum + each, 0) / TICKS_PER_S;
}
