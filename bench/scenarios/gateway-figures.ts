/** What a gateway says of itself, and what the system says of it. */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const SAMPLE_MS = 200;
const KB = 1024;

/** The counters of a scrape by their names, labels included, without the prefix. */
export async function scrape(url: string): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(new URL('/metrics', url));
  const lines = (await response.text()).matchAll(/^sallyport_(\S+) (\S+)$/gm);
  return new Map([...lines].map(([, name = '', value = '']) => [name, Number(value)]));
}

/** The memory of a process that is in use (Linux). */
function residentBytes(pid: number): number {
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
