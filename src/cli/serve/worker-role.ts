/** The arguments that a supervisor gives to a worker. They show in lists of processes, so that an operator can tell the workers apart. */
import type { WorkerRole } from '../../gateway.js';

export const AS_WORKER = 'as-worker';

export function argumentsOf({ worker, entryPort, ownPort }: WorkerRole): readonly string[] {
  return ['serve', `--${AS_WORKER}`, [worker, entryPort, ownPort].join(',')];
}

/** Returns null for a text that no supervisor writes. */
export function parseWorkerRole(text: string): WorkerRole | null {
  if (!/^\d{1,5},\d{1,5},\d{1,5}$/.test(text)) return null;
  const [worker = 0, entryPort = 0, ownPort = 0] = text.split(',').map(Number);
  return { worker, entryPort, ownPort };
}
