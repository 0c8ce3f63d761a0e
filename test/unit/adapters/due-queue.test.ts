import { expect, test } from 'vitest';
import { DueQueue } from '../../../src/adapters/memory/due-queue.js';

/** Numbers below `below`, the same in each run. */
function scattered(count: number, below: number): number[] {
  const numbers: number[] = [];
  for (let at = 0, state = 1; at < count; at += 1) {
    state = (state * 48_271) % 0x7fffffff;
    numbers.push(state % below);
  }
  return numbers;
}

function drain(queue: DueQueue<number>, nowMs: number): number[] {
  const drained: number[] = [];
  for (let item = queue.popDue(nowMs); item !== null; item = queue.popDue(nowMs)) drained.push(item);
  return drained;
}

test('what is due comes out in its order, and nothing before its time', () => {
  const queue = new DueQueue<number>();
  const dues = scattered(5_000, 1_000);
  for (const dueMs of dues) queue.push(dueMs, dueMs);
  const sorted = [...dues].sort((a, b) => a - b);
  expect(drain(queue, -1)).toEqual([]);
  expect(drain(queue, 499)).toEqual(sorted.filter((dueMs) => dueMs <= 499));
  for (const dueMs of dues.slice(0, 100)) queue.push(dueMs, dueMs);
  const rest = [...sorted.filter((dueMs) => dueMs > 499), ...dues.slice(0, 100)].sort((a, b) => a - b);
  expect(drain(queue, 1_000)).toEqual(rest);
  expect(queue.popDue(Infinity)).toBeNull();
});
