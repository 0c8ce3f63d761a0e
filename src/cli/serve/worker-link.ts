/** The messages of a supervisor and its workers over the channel between their processes. */
import { hasMembers, oneOf, text } from '../../lib/shape.js';

/** The worker serves. */
export interface WorkerListening {
  readonly type: 'listening';
  readonly engine: string;
}

/** The worker is to end in order. */
export const STOP = { type: 'stop' } as const;

/** The worker's end of the channel. */
export interface SupervisorLink {
  tell(message: WorkerListening): void;
}

export function isListening(message: unknown): message is WorkerListening {
  return hasMembers(message, { type: oneOf('listening'), engine: text });
}

export function isStop(message: unknown): message is typeof STOP {
  return hasMembers(message, { type: oneOf('stop') });
}
