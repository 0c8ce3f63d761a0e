/** A timer. Cancelling it twice, or after it ran, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Time as a port: nothing else reads a clock or sets a timer, so tests can move time. */
export interface Clock {
  /** Unix milliseconds. May step when the machine's clock is set. */
  nowMs(): number;
  /** Milliseconds from an arbitrary start; never goes back. For durations and deadlines. */
  monotonicMs(): number;
  /** Runs `run` once after `delayMs`. Timers never keep the process alive. */
  after(delayMs: number, run: () => void): Timer;
  /** Runs `run` at the end of the current event-loop turn, after all readable input has been read. */
  endOfTurn(run: () => void): void;
}
