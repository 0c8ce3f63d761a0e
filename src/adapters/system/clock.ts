import type { Clock, Timer } from '../../ports/clock.js';

/** The longest delay of a Node timer; a longer one would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The machine's clock. */
export function systemClock(): Clock {
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    after: (delayMs, run) => startTimer(delayMs, run),
    endOfTurn: (run) => {
      setImmediate(run);
    },
  };
}

function startTimer(delayMs: number, run: () => void): Timer {
  let current: NodeJS.Timeout;
  const wait = (restMs: number): void => {
    const stepMs = Math.min(restMs, MAX_DELAY_MS);
    current = setTimeout(() => {
      if (restMs > stepMs) wait(restMs - stepMs);
      else run();
    }, stepMs);
    current.unref();
  };
  wait(Math.max(0, delayMs));
  return {
    cancel: () => {
      clearTimeout(current);
    },
  };
}
