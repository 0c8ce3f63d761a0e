/**
 * How long `flush_ms: auto` gathers entries: 0 ms while the process is calm, longer as it becomes busy. A longer
 * window puts more entries in each write, so that a busy process needs fewer writes.
 */
import type { Clock } from '../../ports/clock.js';
import type { LoadMeter } from '../../ports/load.js';

/** At a utilization below this, waiting gains nothing. */
const CALM = 0.35;
/** At this utilization the window is longest. The rest of the capacity is for bursts. */
const BUSY = 0.65;
/**
 * One frame of a game at 60 Hz. Players do not feel this latency, and it gathers several entries in a room with a few
 * busy members. docs/PERFORMANCE.md has the cost of other windows.
 */
const MAX_WINDOW_MS = 16;
const SAMPLE_EVERY_MS = 50;
/** The window follows the load in small steps, so that one spike does not swing it. */
const MAX_STEP_MS = 1;

export class AutoWindow {
  private windowMs = 0;
  private sampledAtMs = -Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly load: LoadMeter,
  ) {}

  /** Whole milliseconds; 0: flush at the end of the loop turn. Reads the load at most every 50 ms. */
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
