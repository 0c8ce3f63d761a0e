/** What a gateway says of itself, and what the system says of it. */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { cpuTimeBetween, cpuTimeOf, type CpuTime } from './cpu.js';

const SAMPLE_MS = 200;
const KB = 1024;

/** The counters of a scrape by their names, labels included, without the prefix. */
export async function scrape(url: string): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(new URL('/metrics', url));
  const lines = (await response.text()).matchAll(/^sallyport_(\S+) (\S+)$/gm);
  return new Map([...lines].map(([, name = '', value = '']) => [name, Number(value)]));
}

/** The memory of a process that is in use (Linux). */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * KB;
}

/** The most memory a process had in use at any look. */
export class MemoryWatch {
  peakBytes = 0;
  private isOver = false;

  constructor(private readonly pid: number) {}

  /** Looks until `stop`, once; resolves then. */
  async run(): Promise<void> {
    while (!this.isOver) {
      this.peakBytes = Math.max(this.peakBytes, residentBytes(this.pid));
      await pause(SAMPLE_MS);
    }
  }

  stop(): void {
    this.isOver = true;
  }
}

/** Shares of the time watched. */
export interface Strain {
  /** How much of a core each process used: the gateway's, and that of the bench. */
  readonly gatewayCpu: number;
  readonly loadCpu: number;
  /** For how long something else had the core that one of them was ready to run on: a machine that is not ours alone. */
  readonly waited: number;
  /** How long the gateway's collector of garbage held it up. */
  readonly gatewayGc: number;
}

/** Which side was short of what. */
export class StrainWatch {
  private constructor(
    private readonly gateway: { readonly url: string; readonly pid: number },
    private readonly startMs: number,
    private readonly gcS: number,
    private readonly startCpu: readonly [gateway: CpuTime, load: CpuTime],
  ) {}

  static async begin(gateway: { readonly url: string; readonly pid: number }): Promise<StrainWatch> {
    const gcS = gcSecondsOf(await scrape(gateway.url));
    return new StrainWatch(gateway, performance.now(), gcS, [cpuTimeOf(gateway.pid), cpuTimeOf(process.pid)]);
  }

  async end(): Promise<Strain> {
    const { gateway, startMs, gcS, startCpu } = this;
    const seconds = (performance.now() - startMs) / 1000;
    const gatewayCpu = cpuTimeBetween(startCpu[0], cpuTimeOf(gateway.pid));
    const loadCpu = cpuTimeBetween(startCpu[1], cpuTimeOf(process.pid));
    return {
      gatewayCpu: (gatewayCpu.userS + gatewayCpu.systemS) / seconds,
      loadCpu: (loadCpu.userS + loadCpu.systemS) / seconds,
      waited: Math.max(gatewayCpu.waitS, loadCpu.waitS) / seconds,
      gatewayGc: (gcSecondsOf(await scrape(gateway.url)) - gcS) / seconds,
    };
  }
}

function gcSecondsOf(counters: ReadonlyMap<string, number>): number {
  return [...counters].reduce((sum, [name, value]) => {
    return name.startsWith('nodejs_gc_duration_seconds_sum') ? sum + value : sum;
  }, 0);
}
