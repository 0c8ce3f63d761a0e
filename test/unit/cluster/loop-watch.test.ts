import { expect, it } from 'vitest';
import { LoopWatch } from '../../../src/cluster/loop-watch.js';
import type { Clock } from '../../../src/ports/clock.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silentLog } from '../../support/silent-log.js';

it('FO9 a loop that was blocked for half a second is counted once; a late timer is not', () => {
  const manual = new ManualClock();
  let lateMs = 0;
  const clock: Clock = {
    nowMs: () => manual.nowMs(),
    monotonicMs: () => manual.monotonicMs() + lateMs,
    after: (ms, run) => manual.after(ms, run),
    endOfTurn: (run) => {
      manual.endOfTurn(run);
    },
  };
  const tallies = { loopBlocks: 0 };
  const watch = new LoopWatch({ clock, log: silentLog, tallies });
  watch.start();
  lateMs += 499;
  manual.advance(1_000);
  expect(tallies.loopBlocks).toBe(0);
  lateMs += 3_000;
  manual.advance(1_000);
  expect(tallies.loopBlocks).toBe(1);
  watch.stop();
  expect(manual.pendingTimers).toBe(0);
});
