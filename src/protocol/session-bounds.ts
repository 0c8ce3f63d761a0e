/** The bounds of a relay session's settings: a default in the environment and a value over REST obey the same ones. */
import { MAX_MEMBER_INDEX } from './ids.js';

interface Bounds {
  readonly min: number;
  readonly max: number;
}

export const SESSION_BOUNDS = {
  maxUsers: { min: 1, max: MAX_MEMBER_INDEX + 1 },
  /** 30 days. */
  ttlS: { min: 1, max: 2_592_000 },
  resumeWindowMs: { min: 0, max: 600_000 },
  flushMs: { min: 0, max: 50 },
} as const satisfies Record<string, Bounds>;
