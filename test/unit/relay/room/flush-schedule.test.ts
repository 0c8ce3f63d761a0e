import { describe, expect, it } from 'vitest';
import { AutoWindow } from '../../../../src/relay/room/auto-window.js';
import { FlushSchedule, type Flushable } from '../../../../src/relay/room/flush-schedule.js';
import { ManualClock } from '../../../support/manual-clock.js';

interface Recorder extends Flushable {
  readonly flushedAtMs: number[];
}

function schedule(windowMs = 0): {
  clock: ManualClock;
  failures: unknown[];
  mark: (flushable: Flushable) => void;
  room: (flushMs: number | 'auto') => Recorder;
} {
  const clock = new ManualClock();
  const failures: unknown[] = [];
  const made = new FlushSchedule(
    clock,
    { currentMs: () => windowMs },
    (cause) => failures.push(cause),
    () => undefined,
  );
  return {
    clock,
    failures,
    mark: (flushable) => {
      made.mark(flushable);
    },
    room: (flushMs) => {
      const flushedAtMs: number[] = [];
      return { flushMs, flushedAtMs, flush: () => flushedAtMs.push(clock.monotonicMs()) };
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('flush schedule', () => {
  it('FL1 flushes at the end of the turn with 0, every room that was marked in it', async () => {
    const { mark, room } = schedule();
    const rooms = [room(0), room('auto'), room(0)];
    for (const each of rooms) mark(each);
    expect(rooms.flatMap((each) => each.flushedAtMs)).toEqual([]);
    await turn();
    expect(rooms.map((each) => each.flushedAtMs.length)).toEqual([1, 1, 1]);
  });

  it.each([1, 2, 17, 50])('FL1 gathers for a window of %i ms', (windowMs) => {
    const { clock, mark, room } = schedule();
    const [first, second] = [room(windowMs), room(windowMs)];
    mark(first);
    clock.advance(windowMs - 1);
    expect(first.flushedAtMs).toEqual([]);
    mark(second);
    clock.advance(1);
    expect(first.flushedAtMs).toEqual([windowMs]);
    clock.advance(windowMs);
    expect(second.flushedAtMs).toEqual([2 * windowMs - 1]);
    expect(clock.pendingTimers).toBe(0);
    mark(first);
    clock.advance(windowMs);
    expect(first.flushedAtMs).toHaveLength(2);
  });

  it('FL1 with auto the window is that of the load', () => {
    const { clock, mark, room } = schedule(5);
    const each = room('auto');
    mark(each);
    clock.advance(5);
    expect(each.flushedAtMs).toEqual([5]);
  });

  it('FL3 a room that fails is reported, and the others are flushed', async () => {
    const { mark, room, failures } = schedule();
    const bad: Flushable = {
      flushMs: 0,
      flush: () => {
        throw new Error('broken room');
      },
    };
    const good = room(0);
    mark(bad);
    mark(good);
    await turn();
    expect(good.flushedAtMs).toHaveLength(1);
    expect(failures).toHaveLength(1);
  });

  it('FL4 rooms that are marked at once leave spread over the second half of their window, a few at its end', () => {
    const { clock, mark, room } = schedule();
    const many = Array.from({ length: 200 }, () => room(12));
    for (const each of many) mark(each);
    for (let ms = 0; ms < 12; ms += 1) clock.advance(1);
    const times = many.flatMap((each) => each.flushedAtMs);
    expect(times).toHaveLength(200);
    expect(Math.min(...times)).toBeGreaterThan(6);
    const together = new Map<number, number>();
    for (const time of times) together.set(time, (together.get(time) ?? 0) + 1);
    expect(Math.max(...together.values())).toBeLessThan(60);
    const few = Array.from({ length: 8 }, () => room(12));
    for (const each of few) mark(each);
    for (let ms = 0; ms < 12; ms += 1) clock.advance(1);
    expect(few.flatMap((each) => each.flushedAtMs)).toEqual(few.map(() => 24));
  });
});

describe('auto window', () => {
  it('FL2 is 0 while the process is calm, widens with load up to 16 ms, and closes again', () => {
    const clock = new ManualClock();
    let utilization = 0.2;
    const auto = new AutoWindow(clock, { utilization: () => utilization });
    const after = (samples: number): number => {
      for (let n = 0; n < samples; n += 1) {
        clock.advance(50);
        auto.currentMs();
      }
      return auto.currentMs();
    };
    expect(after(20)).toBe(0);
    utilization = 0.5;
    expect(after(1)).toBe(1);
    expect(after(20)).toBe(8);
    utilization = 1;
    expect(after(20)).toBe(16);
    utilization = 0.3;
    expect(after(1)).toBe(15);
    expect(after(20)).toBe(0);
  });

  it('FL2 looks at the load at most every 50 ms', () => {
    const clock = new ManualClock();
    let looks = 0;
    const auto = new AutoWindow(clock, { utilization: () => (looks += 1) });
    for (let n = 0; n < 1000; n += 1) auto.currentMs();
    expect(looks).toBe(1);
  });
});
