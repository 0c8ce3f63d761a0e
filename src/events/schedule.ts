/** When a delivery that failed is tried again. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** From the end of one attempt to the next. */
export const RETRY_DELAYS_MS: readonly number[] = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];

/** Spreads the retries of deliveries that failed together, so that a target that comes back is not flooded. */
const JITTER = 0.2;

/** `attempts`: how many have ended. `random`: from 0 to 1. null: there is no further attempt. */
export function nextAttemptMs(nowMs: number, attempts: number, random: number): number | null {
  const delayMs = RETRY_DELAYS_MS[attempts - 1];
  return delayMs === undefined ? null : nowMs + Math.round(delayMs * (1 + JITTER * random));
}
