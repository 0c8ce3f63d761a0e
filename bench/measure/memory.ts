/** The memory of a server. */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Launch } from '../processes/server-process.js';

/** A gateway that collects its garbage when `settledBytes` asks. */
export const COLLECTABLE: Launch = {
  nodeFlags: ['--expose-gc', '--import', new URL('../processes/gc-on-signal.js', import.meta.url).href],
};

export const KB = 1024;
export const MB = KB * KB;
const LOOK_MS = 150;
const LOOKS = 100;
/** The server is at rest when so many looks in a row find the same. */
const CALM_LOOKS = 4;
const SAME = 0.005;
const PEAK_LOOK_MS = 200;

/** The memory of a process that is in use (Linux). */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * KB;
}

/** The resident set, once it has stayed the same for a while, or after 15 s. */
export async function settledBytes(pid: number, isCollectable: boolean): Promise<number> {
  let newest = residentBytes(pid);
  let calm = 0;
  for (let look = 0; look < LOOKS && calm < CALM_LOOKS; look += 1) {
    if (isCollectable) process.kill(pid, 'SIGUSR2');
    await pause(LOOK_MS);
    const bytes = residentBytes(pid);
    calm = Math.abs(bytes - newest) <= SAME * newest ? calm + 1 : 0;
    newest = bytes;
  }
  return newest;
}

/** Starts to watch a process. The result ends that, and returns the most memory that a look found. */
export function watchPeak(pid: number): () => number {
  let peakBytes = 0;
  const look = (): void => {
    peakBytes = Math.max(peakBytes, residentBytes(pid));
  };
  look();
  const timer = setInterval(look, PEAK_LOOK_MS);
  return () => {
    clearInterval(timer);
    return peakBytes;
  };
}
