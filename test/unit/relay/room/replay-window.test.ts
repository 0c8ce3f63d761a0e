import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReplayWindow } from '../../../../src/relay/room/replay-window.js';

const LARGE = { maxEntries: 1000, maxBytes: 1_000_000 };
const bytes = (length: number): Uint8Array => new Uint8Array(length);
const seqs = (entries: readonly { readonly seq: number }[]): number[] => entries.map(({ seq }) => seq);

describe('replay window', () => {
  it('RE1 numbers entries from 1 and gives back what came after a position', () => {
    const window = new ReplayWindow(LARGE);
    expect(window.seq).toBe(0);
    for (let n = 1; n <= 5; n += 1) expect(window.append(0, null, bytes(1), 0, 1000)).toBe(n);
    expect(window.after(0)).toMatchObject({ missing: null });
    expect(seqs(window.after(0).entries)).toEqual([1, 2, 3, 4, 5]);
    expect(seqs(window.after(3).entries)).toEqual([4, 5]);
    expect(window.after(5)).toEqual({ missing: null, entries: [] });
    expect(window.after(99)).toEqual({ missing: null, entries: [] });
  });

  it('RE2 names exactly what fell out by count', () => {
    const window = new ReplayWindow({ ...LARGE, maxEntries: 3 });
    for (let n = 1; n <= 100; n += 1) window.append(0, null, bytes(1), 0, 1000);
    expect(window.after(50).missing).toEqual({ from: 51, to: 97 });
    expect(seqs(window.after(50).entries)).toEqual([98, 99, 100]);
    expect(window.after(97).missing).toBeNull();
  });

  it('RE2 names exactly what fell out by bytes', () => {
    const window = new ReplayWindow({ ...LARGE, maxBytes: 250 });
    for (let n = 1; n <= 5; n += 1) window.append(0, null, bytes(100), 0, 1000);
    expect(window.after(0).missing).toEqual({ from: 1, to: 3 });
    expect(seqs(window.after(0).entries)).toEqual([4, 5]);
  });

  it('RE2 names exactly what fell out by age', () => {
    const window = new ReplayWindow(LARGE);
    window.append(0, null, bytes(1), 0, 1000);
    window.append(0, null, bytes(1), 500, 1000);
    window.append(0, null, bytes(1), 1400, 1000);
    expect(window.after(0).missing).toEqual({ from: 1, to: 1 });
    expect(seqs(window.after(0).entries)).toEqual([2, 3]);
  });

  it('RE2 an entry larger than the whole window is numbered and missing', () => {
    const window = new ReplayWindow({ ...LARGE, maxBytes: 10 });
    expect(window.append(0, null, bytes(11), 0, 1000)).toBe(1);
    expect(window.after(0)).toEqual({ missing: { from: 1, to: 1 }, entries: [] });
  });

  it('RE1 keeps a copy: the bytes it was given may be reused', () => {
    const window = new ReplayWindow(LARGE);
    const payload = Uint8Array.of(1, 2, 3);
    window.append(0, null, payload, 0, 1000);
    payload.fill(9);
    expect(window.after(0).entries[0]?.payload).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('RE1, RE2 holds what a list of the rules would hold, whatever the sizes, targets and times', () => {
    interface Kept {
      readonly seq: number;
      readonly sender: number;
      readonly targets: number[] | null;
      readonly payload: Uint8Array;
      readonly atMs: number;
    }
    const entry = fc.record({
      sender: fc.nat(65_535),
      targets: fc.option(fc.array(fc.nat(65_535), { maxLength: 5 })),
      size: fc.oneof({ weight: 10, arbitrary: fc.nat(2000) }, { weight: 1, arbitrary: fc.nat(90_000) }),
      afterMs: fc.nat(20),
    });
    const bounds = fc.record({ maxEntries: fc.nat(150), maxBytes: fc.nat(200_000) });
    fc.assert(
      fc.property(bounds, fc.nat(500), fc.array(entry, { maxLength: 300 }), (within, maxAgeMs, entries) => {
        const window = new ReplayWindow(within);
        let expected: Kept[] = [];
        let atMs = 0;
        for (const [n, { sender, targets, size, afterMs }] of entries.entries()) {
          atMs += afterMs;
          const payload = new Uint8Array(size).fill(n);
          expect(
            window.append(sender, targets === null ? null : Uint16Array.from(targets), payload, atMs, maxAgeMs),
          ).toBe(n + 1);
          expected.push({ seq: n + 1, sender, targets, payload, atMs });
          const oldestMs = atMs - maxAgeMs;
          const isOver = (): boolean =>
            expected.length > within.maxEntries ||
            expected.reduce((sum, kept) => sum + kept.payload.length, 0) > within.maxBytes ||
            (expected[0]?.atMs ?? oldestMs) < oldestMs;
          while (expected.length > 0 && isOver()) expected = expected.slice(1);
          if (n % 50 !== 49 && n !== entries.length - 1) continue;
          const oldest = n + 2 - expected.length;
          for (const seq of [0, oldest - 1, oldest + 1, n, n + 1].filter((wanted) => wanted >= 0)) {
            const { missing, entries: kept } = window.after(seq);
            expect(missing).toEqual(seq + 1 < oldest ? { from: seq + 1, to: oldest - 1 } : null);
            const wanted = expected.filter((each) => each.seq > seq);
            expect(seqs(kept)).toEqual(seqs(wanted));
            for (const [at, each] of kept.entries()) {
              const model = wanted[at];
              expect([each.sender, each.targets === null ? null : [...each.targets]]).toEqual([
                model?.sender,
                model?.targets,
              ]);
              expect(Buffer.compare(each.payload, model?.payload ?? new Uint8Array(0))).toBe(0);
            }
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});
