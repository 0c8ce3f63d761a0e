import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBatchFrame } from '../../../../src/protocol/batch-frame.js';
import { CLASS, type DeliveryClass } from '../../../../src/protocol/wire.js';
import type { OfferedEntry } from '../../../../src/ports/audience.js';
import { Backlog } from '../../../../src/relay/room/backlog.js';
import { SlabPool } from '../../../../src/relay/room/slab-pool.js';
import { CountingPool } from '../../../support/counting-pool.js';

function entry(deliveryClass: DeliveryClass, sender: number, keyOrSeq: number, text: string): OfferedEntry {
  return { deliveryClass, sender, keyOrSeq, targeted: false, payload: Buffer.from(text) };
}

const SLAB_BYTES = 1000;

function textsOf(frame: string | Uint8Array | null): string[] {
  if (frame === null) return [];
  if (typeof frame === 'string') return [frame];
  return (decodeBatchFrame(frame) ?? []).map(({ payload }) => Buffer.from(payload).toString());
}

/** Everything that waits, as a reader would see it. */
function drain(backlog: Backlog): string[] {
  const seen: string[] = [];
  for (let frame = backlog.take(); frame !== null; frame = backlog.take()) seen.push(...textsOf(frame));
  return seen;
}

describe('backlog', () => {
  it('BP1 does not keep volatile entries', () => {
    const backlog = new Backlog(new SlabPool(1000, 4));
    expect(backlog.offer(entry(CLASS.volatile, 1, 0, 'v'))).toBe('dropped');
    expect(backlog.isEmpty).toBe(true);
    expect(backlog.bytes).toBe(0);
  });

  it('BP2 keeps the newest entry of each sender and key, at its own place in the order', () => {
    const backlog = new Backlog(new SlabPool(1000, 4));
    expect(backlog.offer(entry(CLASS.latest, 1, 7, 'old'))).toBe('kept');
    backlog.offer(entry(CLASS.latest, 2, 7, 'of another sender'));
    backlog.offer(entry(CLASS.latest, 1, 8, 'of another key'));
    const bytes = backlog.bytes;
    expect(backlog.offer(entry(CLASS.latest, 1, 7, 'new'))).toBe('replaced');
    expect(backlog.bytes).toBe(bytes);
    expect(drain(backlog)).toEqual(['of another sender', 'of another key', 'new']);
    expect(backlog.bytes).toBe(0);
  });

  it('BP3 keeps reliable entries and frames, all of them, in order', () => {
    const backlog = new Backlog(new SlabPool(1000, 4));
    backlog.offer(entry(CLASS.reliable, 1, 1, 'r1'));
    backlog.push('{"type":"member.left"}');
    backlog.offer(entry(CLASS.reliable, 1, 2, 'r2'));
    backlog.offer(entry(CLASS.latest, 1, 0, 'l'));
    backlog.offer(entry(CLASS.reliable, 1, 3, 'r3'));
    expect(drain(backlog)).toEqual(['r1', '{"type":"member.left"}', 'r2', 'l', 'r3']);
  });

  it('BP3 gathers entries up to the size asked for, and at least one', () => {
    const backlog = new Backlog(new SlabPool(250, 4));
    for (let n = 1; n <= 10; n += 1) backlog.offer(entry(CLASS.reliable, 1, n, 'x'.repeat(100)));
    const sizes: number[] = [];
    for (let frame = backlog.take(); frame !== null; frame = backlog.take()) sizes.push(frame.length);
    expect(sizes).toHaveLength(5);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(250);
    backlog.offer(entry(CLASS.reliable, 1, 11, 'x'.repeat(1000)));
    expect(backlog.take()).toHaveLength(1 + 3 + 4 + 2 + 1000);
  });

  it('LM5 counts what is kept as it will go out, and every slab is given back', () => {
    const slabs = new CountingPool(SLAB_BYTES);
    const backlog = new Backlog(slabs);
    for (let n = 1; n <= 500; n += 1) backlog.offer(entry(CLASS.reliable, 1, n, 'x'.repeat(60)));
    expect(backlog.bytes).toBe(500 * (3 + 4 + 1 + 60));
    expect(slabs.out).toBeGreaterThan(30);
    expect(slabs.out * SLAB_BYTES).toBeLessThan(backlog.bytes * 1.1);
    drain(backlog);
    expect(slabs.out).toBeLessThanOrEqual(1);
    for (let n = 1; n <= 500; n += 1) backlog.offer(entry(CLASS.reliable, 1, n, 'x'.repeat(60)));
    backlog.clear();
    expect([slabs.out, backlog.bytes, backlog.isEmpty]).toEqual([0, 0, true]);
  });

  it('BP2, BP3 what comes out is what a list of the rules would give, whatever the sizes', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('reliable' as const), size: fc.nat(400) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('reliable' as const), size: fc.nat(5000) }) },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant('latest' as const), size: fc.nat(400), key: fc.nat(2) }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('frame' as const) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('take' as const) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const slabs = new CountingPool(SLAB_BYTES);
        const backlog = new Backlog(slabs);
        let expected: { readonly text: string; readonly key: number | null }[] = [];
        const taken: string[] = [];
        for (const [n, each] of steps.entries()) {
          const text = `${each.do} ${String(n)} ${'size' in each ? 'x'.repeat(each.size) : ''}`;
          if (each.do === 'take') {
            const got = textsOf(backlog.take());
            expect(got).toEqual(expected.slice(0, got.length).map((one) => one.text));
            taken.push(...got);
            expected = expected.slice(got.length);
          } else if (each.do === 'frame') {
            backlog.push(text);
            expected.push({ text, key: null });
          } else if ('key' in each) {
            backlog.offer(entry(CLASS.latest, 1, each.key, text));
            expected = [...expected.filter(({ key }) => key !== each.key), { text, key: each.key }];
          } else {
            backlog.offer(entry(CLASS.reliable, 1, n, text));
            expected.push({ text, key: null });
          }
          expect(backlog.isEmpty).toBe(expected.length === 0);
        }
        expect(drain(backlog)).toEqual(expected.map(({ text }) => text));
        expect(backlog.bytes).toBe(0);
        backlog.clear();
        expect(slabs.out).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
