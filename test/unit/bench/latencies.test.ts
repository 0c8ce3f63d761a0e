import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { Histogram } from '../../../bench/measure/histogram.js';
import { Latencies } from '../../../bench/measure/latencies.js';
import { mergeParts } from '../../../bench/load/result.js';
import type { Part } from '../../../bench/load/job.js';
import { Pacer } from '../../../bench/load/pacer.js';

function countsOf(values: readonly number[]): [number, number][] {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram.take();
}

const CPU = { userS: 0.1, systemS: 0.1, waitS: 0 };

function partOf(latencyUs: readonly number[], lagUs: readonly number[], userS = 0.1): Part {
  return {
    counts: { due: 10, delivered: 9, lost: 1, doubled: 0, disordered: 0, damaged: 0 },
    problems: ['a socket was closed'],
    window: {
      seconds: 1,
      deliveries: 9,
      frames: 8,
      reads: 7,
      echoes: 1,
      serverCpu: CPU,
      loadCpu: { ...CPU, userS },
      startUs: 0,
      endUs: 1e6,
    },
    samples: [{ n: 0, untilS: 1, due: 10, delivered: 9, missing: 0, latencyUs: countsOf(latencyUs) }],
    lagUs: countsOf(lagUs),
  };
}

describe('latencies', () => {
  it('BN2 those of several workers are merged, not averaged', () => {
    const fast = Array.from({ length: 990 }, () => 1_000);
    const slow = Array.from({ length: 30 }, () => 100_000);
    const { latencyMs, counts, window, problems, samples } = mergeParts([partOf(fast, [10]), partOf(slow, [20])]);
    // The mean of both p50 would be 50 ms.
    expect(latencyMs.p50).toBeCloseTo(1, 2);
    expect(latencyMs.p99).toBeCloseTo(100, 0);
    expect(counts).toMatchObject({ due: 20, delivered: 18, lost: 2 });
    expect(window).toMatchObject({ deliveries: 18, frames: 16, reads: 14, echoes: 2 });
    expect(problems).toEqual(['a socket was closed']);
    expect(samples).toEqual([{ untilS: 1, due: 20, delivered: 18, missing: 0, p99Ms: latencyMs.p99 }]);
  });

  it('BN5 one late or busy worker is not hidden by others', () => {
    const inTime = Array.from({ length: 1_000 }, () => 10);
    const late = Array.from({ length: 10 }, () => 50_000);
    const { lagMs, window } = mergeParts([partOf([1], inTime, 0.1), partOf([1], late, 0.8)]);
    expect(lagMs.p99).toBeCloseTo(50, 0);
    expect(window.loadCpu.userS).toBe(0.8);
  });

  it.each([0, 1, 999, 2_047, 2_048, 5_001, 123_456_789, 2 ** 31 - 1])(
    'BN2 a recorded value is at most 0.1 %% off, and HDR holds it as it is: %i',
    (value) => {
      const [recorded] = countsOf([value]);
      const held = recorded?.[0] ?? -1;
      expect(held).toBeGreaterThanOrEqual(value);
      expect(held).toBeLessThanOrEqual(Math.min(value * 1.001, 2 ** 31 - 1));
      expect(Latencies.of([[held, 1]]).atMs(1)).toBe(held / 1_000);
    },
  );

  it('BN2 the JSON holds the histogram as HdrHistogram writes it', () => {
    const latencies = Latencies.of(countsOf([1_000, 2_000, 3_000]));
    const { hdr, count, max } = latencies.toJSON();
    const read = decodeFromCompressedBase64(hdr);
    expect([read.totalCount, count]).toEqual([3, 3]);
    expect(read.getValueAtPercentile(100) / 1_000).toBeCloseTo(max, 2);
  });

  it('a curve goes up to what there are values for', () => {
    const shares = Latencies.of([[1_000, 1_000]])
      .curve()
      .map(([share]) => share);
    expect(shares[0]).toBe(0);
    expect(shares.at(-1)).toBeGreaterThanOrEqual(0.998);
    expect(shares.at(-1)).toBeLessThanOrEqual(0.999);
    expect(new Latencies().curve()).toEqual([]);
  });

  it('BN2 a late send counts from when it was due', () => {
    const sent: number[] = [];
    const pacer = new Pacer(Uint32Array.from([0]), 1_000, (_, dueMs) => sent.push(dueMs));
    pacer.start(100, 100);
    pacer.tick(107);
    // Each seventh carries its time: those due at 100 and 107.
    expect(sent.filter((dueMs) => dueMs > 0)).toEqual([100, 107]);
    expect(pacer.lagUs.quantile(1)).toBeGreaterThanOrEqual(7_000);
  });

  it('BN2 a tick of a load that is far behind is bounded, and later ticks send the rest as due before', () => {
    const sent: number[] = [];
    const pacer = new Pacer(Uint32Array.from([0]), 1_000, (_, dueMs) => sent.push(dueMs));
    pacer.start(0, 0);
    pacer.tick(999);
    expect(sent).toHaveLength(128);
    for (let n = 0; n < 10; n += 1) pacer.tick(999);
    expect(sent).toHaveLength(1_000);
    expect(sent.filter((dueMs) => dueMs > 0).at(-1)).toBe(994);
  });

  it.each([1, 8])('BN10 clients begin one after the other, each at its own phase; one of %i sends', (apart) => {
    const clients = 10;
    const sends: number[][] = Array.from({ length: clients }, () => []);
    let nowMs = 0;
    const order = Uint32Array.from(sends.keys(), (place) => place * apart);
    const pacer = new Pacer(order, 10, (client) => sends[client / apart]?.push(nowMs));
    pacer.start(0, 2_000, 1_000);
    for (; nowMs < 2_000; nowMs += 1) pacer.tick(nowMs);
    const begun = sends.map(([first = Infinity]) => first);
    for (const [client, first] of begun.entries()) {
      expect(first).toBeGreaterThanOrEqual(100 * client);
      expect(first).toBeLessThanOrEqual(100 * (client + 1) + 140);
    }
    // A tenth of a second from one to the next, in the place that it has in each period.
    for (const [client, times] of sends.entries()) {
      expect(new Set(times.map((at) => at % 100))).toEqual(new Set([10 * client]));
      expect(times.at(-1)).toBe(1_900 + 10 * client);
    }
  });
});
