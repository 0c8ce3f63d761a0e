/**
 * Node's own threads of this process (garbage collector, compiler) take a core only when nothing else wants it. The bench has
 * two cores for its server and its load: a compilation of its own beside them was 10 ms that clients were late, and p99
 * showed it.
 */
import { existsSync, readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

const THREADS = '/proc/self/task';

/** Linux alone knows priorities of threads; elsewhere nothing happens. */
export function yieldHelperThreads(): void {
  if (!existsSync(THREADS)) return;
  for (const thread of readdirSync(THREADS)) {
    if (Number(thread) === process.pid) continue;
    try {
      setPriority(Number(thread), constants.priority.PRIORITY_LOW);
    } catch (error) {
      // It has ended since.
      if (!(error instanceof Error && 'code' in error && error.code === 'ERR_SYSTEM_ERROR')) throw error;
    }
  }
}
