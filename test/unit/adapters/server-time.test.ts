import { expect, it } from 'vitest';
import { ServerTime } from '../../../src/adapters/redis/server-time.js';

const now = (): number => performance.timeOrigin + performance.now();
/** As TIME replies. */
const reply = (unixMs: number): [string, string] => [
  String(Math.floor(unixMs / 1000)),
  String(Math.floor((unixMs % 1000) * 1000)),
];

it('ST75 there is no deadline, and no call, before a server has told its time', async () => {
  const time = new ServerTime(() => Promise.reject(new Error('away')));
  expect(time.isKnown).toBe(false);
  expect(() => time.after(950)).toThrow(TypeError);
  await expect(time.measure()).rejects.toThrow('away');
  expect(time.isKnown).toBe(false);
  await expect(new ServerTime(async () => [null, 'nonsense']).measure()).rejects.toThrow('no server told its time');
});

it('ST75 a measurement that took long makes deadlines earlier, never later', async () => {
  let answer: (value: readonly unknown[]) => void = () => undefined;
  const time = new ServerTime(() => new Promise((resolve) => (answer = resolve)));
  const measured = time.measure();
  const atServerMs = now();
  const until = performance.now() + 50;
  while (performance.now() < until);
  answer([reply(atServerMs)]);
  await measured;
  expect(time.after(950)).toBeLessThanOrEqual(Math.floor(now() + 950));
  expect(time.after(950)).toBeLessThanOrEqual(now() + 950 - 45);
});

it('ST75 of several servers the clock counts that is most behind', async () => {
  const time = new ServerTime(async () => [reply(now() + 60_000), reply(now() - 5_000), null]);
  await time.measure();
  expect(time.after(0)).toBeLessThan(now() - 4_000);
});

it('ST75 an answer that comes over a connection that is gone says nothing', async () => {
  let answer: (value: readonly unknown[]) => void = () => undefined;
  const time = new ServerTime(() => new Promise((resolve) => (answer = resolve)));
  const measured = time.measure();
  time.forget();
  answer([reply(now())]);
  await measured;
  expect(time.isKnown).toBe(false);
});
