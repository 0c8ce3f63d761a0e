import { expect, it } from 'vitest';
import { WorkLine } from '../../../src/lib/work-line.js';
import { eventually } from '../../support/eventually.js';
import { ManualClock } from '../../support/manual-clock.js';

function start(bounds = { atOnce: 2, waiting: 3, delayMs: 100 }) {
  const clock = new ManualClock();
  const failures: unknown[] = [];
  const line = new WorkLine(bounds, clock, (cause) => failures.push(cause));
  const releases: (() => void)[] = [];
  const started: number[] = [];
  const offer = (n: number) =>
    line.offer(() => {
      started.push(n);
      return new Promise((resolve) => releases.push(resolve));
    });
  return { clock, line, failures, releases, started, offer };
}

it('LS20 runs so many at once, in order, keeps so many waiting, and refuses the rest', async () => {
  const { clock, line, releases, started, offer } = start();
  expect([1, 2, 3].map(offer)).toEqual([true, true, true]);
  clock.advance(100);
  expect([4, 5, 6, 7].map(offer)).toEqual([true, true, false, false]);
  await eventually(() => (releases.length === 2 ? null : 'not started'));
  expect([started, line.length]).toEqual([[1, 2], 3]);
  releases[1]?.();
  await eventually(() => (started.length === 3 ? null : 'not started'));
  expect([started, line.length]).toEqual([[1, 2, 3], 2]);
});

it('LS27 work that fails is told of and does not stop the line', async () => {
  const { clock, line, failures, started, offer } = start({ atOnce: 1, waiting: 5, delayMs: 100 });
  line.offer(() => Promise.reject(new Error('async')));
  line.offer(() => {
    throw new Error('sync');
  });
  offer(1);
  clock.advance(100);
  await eventually(() => (started.length === 1 ? null : 'not started'));
  expect(failures).toEqual([new Error('async'), new Error('sync')]);
});

it('LS27 stop waits for what runs, drops what waits and says how many', async () => {
  const { clock, line, releases, started, offer } = start({ atOnce: 2, waiting: 4, delayMs: 100 });
  [1, 2, 3, 4].forEach(offer);
  clock.advance(100);
  await eventually(() => (releases.length === 2 ? null : 'not started'));
  const stopped = line.stop();
  expect([line.length, offer(5)]).toEqual([0, false]);
  for (const release of releases) release();
  expect([await stopped, await line.stop(), started]).toEqual([2, 0, [1, 2]]);
});

it('LS18 work begins a moment after it was offered, not within the call, and what stopped never begins', async () => {
  const { clock, line, started, offer } = start();
  offer(1);
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(99);
  expect(started).toEqual([]);
  clock.advance(1);
  await eventually(() => (started.length === 1 ? null : 'not started'));
  const stopped = start();
  stopped.offer(1);
  expect(await stopped.line.stop()).toBe(1);
  stopped.clock.advance(1000);
  expect([stopped.started, stopped.clock.pendingTimers, line.length]).toEqual([[], 0, 0]);
});
