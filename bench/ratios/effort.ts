import type { Effort } from './ratio.js';

/** To be quoted. */
export const FULL: Effort = { rounds: 5, seconds: 3, attempts: 3, isShort: false };

/** To be compared with itself. */
export const SHORT: Effort = { rounds: 3, seconds: 1.5, attempts: 2, isShort: true };
