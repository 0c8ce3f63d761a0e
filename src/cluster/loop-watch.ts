/**
 * Notices that the event loop of this process was blocked, or the process frozen, for so long that operators should
 * know: nothing was relayed, and the lease may be over.
 */
import type { Clock, Timer } from '../ports/clock.js';
import type { Log } from '../ports/log.js';
import type { Tallies } from '../ports/metrics.js';

const LOOK_EVERY_MS = 100;
const BLOCKED_FROM_MS = 500;

export interface LoopWatchDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly tallies: Pick<Tallies, 'loopBlocks'>;
}

export class LoopWatch {
  private timer: Timer | null = null;

  constructor(private readonly deps: LoopWatchDeps) {}

  start(): void {
    const { clock, log, tallies } = this.deps;
    const dueMs = clock.monotonicMs() + LOOK_EVERY_MS;
    this.timer = clock.after(LOOK_EVERY_MS, () => {
      const blockedMs = clock.monotonicMs() - dueMs;
      if (blockedMs >= BLOCKED_FROM_MS) {
        tallies.loopBlocks += 1;
        log.warn('event_loop_blocked', { blocked_ms: Math.round(blockedMs) });
      }
      this.start();
    });
  }

  stop(): void {
    this.timer?.cancel();
  }
}
