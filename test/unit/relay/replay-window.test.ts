import { describe, expect, it } from 'vitest';
import { ReplayWindow } from '../../../src/relay/replay-window.js';

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
});
