/** The memory of a server once it has come to rest: garbage is collected where that can be asked for. */
import { setTimeout as pause } from 'node:timers/promises';
import { residentBytes } from './gateway-figures.js';
import type { Launch } from '../processes/server-process.js';

/** A gateway that `settledBytes` can ask. */
export const COLLECTABLE: Launch = {
  nodeFlags: ['--expose-gc', '--import', new URL('../processes/gc-on-signal.js', import.meta.url).href],
};

const LOOK_MS = 150;
const LOOKS = 100;
/** At rest: so many looks in a row of the same. */
const CALM_LOOKS = 4;
const SAME = 0.005;

/** The resident set, once it has stayed alike for a while; the last look after 15 s. */
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
