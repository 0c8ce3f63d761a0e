/** How busy the server, its Redis and this process are from one moment on, and how much of it other programs cost. */
import { readFileSync } from 'node:fs';
import { cpuTimeBetween, cpuTimeOf, ownCpuTime, shareOf, type CpuTime } from './cpu.js';

/** Fields of a core's line in /proc/stat: idle and waiting for a disk are no work. */
const IDLE_FIELDS: readonly number[] = [3, 4];
/** The fields after these count guest time, which the first ones contain. */
const FIELDS = 8;
const TICKS_PER_S = 100;
const US_PER_S = 1e6;

/** A process that is not given or null is unknown, or there is none. */
export interface Watched {
  readonly pid: number | null;
  /** The server's own core. Without one, others take whatever time the server waits. */
  readonly core?: number | null;
  readonly redisPid?: number | null;
}

/** Busy: the share of a core; null when the process is unknown. */
export interface Busy {
  readonly serverBusy: number | null;
  readonly redisBusy: number | null;
  readonly loadBusy: number;
  /** CPU time of the server for each of `count` things; null when its process is unknown. */
  readonly cpuUs: number | null;
  /** The share of the time that something else had the server's core while the server was ready to run. */
  readonly robbed: number;
  /** The share of the time that the server or this process waited for a core. */
  readonly waited: number;
}

export class BusyWatch {
  private readonly startMs = performance.now();
  private readonly from: Readings;

  /** Counts from now on. */
  constructor(private readonly watched: Watched) {
    this.from = readingsOf(watched);
  }

  read(count = 1, seconds = (performance.now() - this.startMs) / 1000): Busy {
    const { from, watched } = this;
    const to = readingsOf(watched);
    const [server, redis] = [between(from.server, to.server), between(from.redis, to.redis)];
    const load = cpuTimeBetween(from.load, to.load);
    return {
      serverBusy: server === null ? null : shareOf(server, seconds),
      redisBusy: redis === null ? null : shareOf(redis, seconds),
      loadBusy: shareOf(load, seconds),
      cpuUs: server === null ? null : shareOf(server, count) * US_PER_S,
      robbed: robbedS(server, to.coreS - from.coreS, watched.core ?? null) / seconds,
      waited: Math.max(server?.waitS ?? 0, load.waitS) / seconds,
    };
  }
}

interface Readings {
  readonly server: CpuTime | null;
  readonly redis: CpuTime | null;
  readonly load: CpuTime;
  readonly coreS: number;
}

function readingsOf({ pid, core = null, redisPid = null }: Watched): Readings {
  return {
    server: pid === null ? null : cpuTimeOf(pid),
    redis: redisPid === null ? null : cpuTimeOf(redisPid),
    load: ownCpuTime(),
    coreS: core === null ? 0 : workOf(core),
  };
}

function between(from: CpuTime | null, to: CpuTime | null): CpuTime | null {
  return from === null || to === null ? null : cpuTimeBetween(from, to);
}

/**
 * The kernel's count of waiting includes the process' own other threads, and that of its core includes times when the
 * process had nothing to do. Others took at most the smaller of the two.
 */
function robbedS(server: CpuTime | null, coreS: number, core: number | null): number {
  if (server === null || core === null) return server?.waitS ?? 0;
  return Math.max(0, Math.min(server.waitS, coreS - shareOf(server, 1)));
}

/** Seconds that the core has worked since the system started. */
function workOf(core: number): number {
  const line = new RegExp(`^cpu${core} (.*)$`, 'm').exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? '';
  const ticks = line.split(' ').slice(0, FIELDS).map(Number);
  return ticks.filter((_, field) => !IDLE_FIELDS.includes(field)).reduce((sum, each) => sum + each, 0) / TICKS_PER_S;
}
