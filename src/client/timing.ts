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
