/**
 * How long `flush_ms: auto` gathers entries: not at all while the process is calm, longer as it becomes busy, so that
 * more entries share a write when writes are what it is short of.
 */
import type { Clock } from '../../ports/clock.js';
import type { LoadMeter } from '../../ports/load.js';

/** Below this share of time spent working nothing is gained by waiting. */
const CALM = 0.35;
/** From here on the window is as long as it gets: with time in hand for a burst, which a fuller process has not. */
const BUSY = 0.65;
/**
 * A frame of a game at 60 Hz: a latency that players do not feel, and that gathers several entries in a room of a few busy
 * members. What other windows cost is in docs/PERFORMANCE.md.
 */
const MAX_WINDOW_MS = 16;
const SAMPLE_EVERY_MS = 50;
/** The window follows the load in steps, so that one spike does not swing it. */
const MAX_STEP_MS = 1;

export class AutoWindow {
  private windowMs = 0;
  private sampledAtMs = -Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly load: LoadMeter,
  ) {}

  /** Whole milliseconds; 0 means at the end of the loop turn. Looks at the load at most every 50 ms. */
  currentMs(): number {
    const nowMs = this.clock.monotonicMs();
    if (nowMs - this.sampledAtMs >= SAMPLE_EVERY_MS) {
      this.sampledAtMs = nowMs;
      const wanted = MAX_WINDOW_MS * Math.min(1, Math.max(0, (this.load.utilization() - CALM) / (BUSY - CALM)));
      const step = Math.min(MAX_STEP_MS, Math.max(-MAX_STEP_MS, wanted - this.windowMs));
      this.windowMs += step;
    }
    return Math.round(this.windowMs);
  }
}
