/** Time and random numbers as a port, so that tests need no sleeps. By default the machine's. */
export interface ClientTiming {
  /** Milliseconds from an arbitrary start; never goes back. */
  nowMs(): number;
  /**
   * Calls `run` once after `delayMs`. Calling the returned function first prevents that; calling it again does
   * nothing.
   */
  setTimer(delayMs: number, run: () => void): () => void;
  /** At least 0, less than 1. */
  random(): number;
}

/** A timer this late was held back: the tab was frozen, or the machine slept. What arrived meanwhile is not read yet. */
const LATE_MS = 1_000;
const GRACE_MS = 1_000;

/**
 * Like `setTimer`, but a timer that comes late waits once more for a second, so that what has arrived is read before
 * `run` gives it up.
 */
export function setPatientTimer(timing: ClientTiming, delayMs: number, run: () => void): () => void {
  const dueMs = timing.nowMs() + delayMs;
  let cancel = timing.setTimer(delayMs, () => {
    if (timing.nowMs() - dueMs < LATE_MS) run();
    else cancel = timing.setTimer(GRACE_MS, run);
  });
  return () => cancel();
}

/** Timers take 31 bits; a day is more than any wait here. */
const LONGEST_TIMER_MS = 86_400_000;

/* eslint-disable no-restricted-globals, no-restricted-properties -- the SDK's edge: where the port meets the machine */
export const machineTiming: ClientTiming = {
  nowMs: () => performance.now(),
  setTimer: (delayMs, run) => {
    const timer = setTimeout(run, Math.min(delayMs, LONGEST_TIMER_MS));
    return () => {
      clearTimeout(timer);
    };
  },
  random: () => Math.random(),
};
/* eslint-enable no-restricted-globals, no-restricted-properties */
