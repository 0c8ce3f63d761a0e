import { expect, it } from 'vitest';
import { WorkLine } from '../../../src/lib/work-line.js';
import { eventually } from '../../support/eventually.js';

function start(bounds = { atOnce: 2, waiting: 3 }) {
  const failures: unknown[] = [];
  const line = new WorkLine(bounds, (cause) => failures.push(cause));
  const releases: (() => void)[] = [];
  const started: number[] = [];
  const offer = (n: number) =>
    line.offer(() => {
      started.push(n);
      return new Promise((resolve) => releases.push(resolve));
    });
  return { line, failures, releases, started, offer };
}

it('LS20 runs so many at once, in order, keeps so many waiting, and refuses the rest', async () => {
  const { line, releases, started, offer } = start();
  expect([1, 2, 3, 4, 5, 6, 7].map(offer)).toEqual([true, true, true, true, true, false, false]);
  await eventually(() => (releases.length === 2 ? null : 'not started'));
  expect([started, line.length]).toEqual([[1, 2], 3]);
  releases[1]?.();
  await eventually(() => (started.length === 3 ? null : 'not started'));
  expect([started, line.length]).toEqual([[1, 2, 3], 2]);
});

it('LS27 work that fails is told of and does not stop the line', async () => {
  const { line, failures, started, offer } = start({ atOnce: 1, waiting: 5 });
  line.offer(() => Promise.reject(new Error('async')));
  line.offer(() => {
    throw new Error('sync');
  });
  offer(1);
  await eventually(() => (started.length === 1 ? null : 'not started'));
  expect(failures).toEqual([new Error('async'), new Error('sync')]);
});

it('LS27 stop waits for what runs, drops what waits and says how many', async () => {
  const { line, releases, started, offer } = start();
  [1, 2, 3, 4].forEach(offer);
  await eventually(() => (releases.length === 2 ? null : 'not started'));
  const stopped = line.stop();
  expect([line.length, offer(5)]).toEqual([0, false]);
  for (const release of releases) release();
  expect([await stopped, await line.stop(), started]).toEqual([2, 0, [1, 2]]);
});
