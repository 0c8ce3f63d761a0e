/**
 * Lets the helper threads of this process (garbage collector, compiler) take a core only when nothing else wants it. Server
 * and load have a core each: a compilation beside them made clients 10 ms late, and p99 showed it.
 */
import { existsSync, readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

const THREADS = '/proc/self/task';

/** Only Linux has priorities of threads. Elsewhere this does nothing. */
export function yieldHelperThreads(): void {
  if (!existsSync(THREADS)) return;
  for (const thread of readdirSync(THREADS)) {
    if (Number(thread) === process.pid) continue;
    try {
      setPriority(Number(thread), constants.priority.PRIORITY_LOW);
    } catch (error) {
      // The thread has ended since.
      if (!(error instanceof Error && 'code' in error && error.code === 'ERR_SYSTEM_ERROR')) throw error;
    }
  }
}
