import { describe, expect, it } from 'vitest';
import { decodeBatchFrame } from '../../../src/protocol/batch-frame.js';
import { CLASS, type DeliveryClass } from '../../../src/protocol/wire.js';
import { Backlog, type OutEntry } from '../../../src/relay/backlog.js';

function entry(deliveryClass: DeliveryClass, sender: number, keyOrSeq: number, text: string): OutEntry {
  return { deliveryClass, sender, keyOrSeq, targeted: false, payload: Buffer.from(text) };
}

/** Everything that waits, as a reader would see it. */
function drain(backlog: Backlog, maxBytes = 1000): string[] {
  const seen: string[] = [];
  for (let frame = backlog.take(maxBytes); frame !== null; frame = backlog.take(maxBytes)) {
    if (typeof frame === 'string') seen.push(frame);
    else seen.push(...(decodeBatchFrame(frame) ?? []).map(({ payload }) => Buffer.from(payload).toString()));
  }
  return seen;
}

describe('backlog', () => {
  it('BP1 does not keep volatile entries', () => {
    const backlog = new Backlog();
    expect(backlog.offer(entry(CLASS.volatile, 1, 0, 'v'))).toBe('dropped');
    expect(backlog.isEmpty).toBe(true);
    expect(backlog.bytes).toBe(0);
  });

  it('BP2 keeps the newest entry of each sender and key, at its own place in the order', () => {
    const backlog = new Backlog();
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
    const backlog = new Backlog();
    backlog.offer(entry(CLASS.reliable, 1, 1, 'r1'));
    backlog.push('{"type":"member.left"}');
    backlog.offer(entry(CLASS.reliable, 1, 2, 'r2'));
    backlog.offer(entry(CLASS.latest, 1, 0, 'l'));
    backlog.offer(entry(CLASS.reliable, 1, 3, 'r3'));
    expect(drain(backlog)).toEqual(['r1', '{"type":"member.left"}', 'r2', 'l', 'r3']);
  });

  it('BP3 gathers entries up to the size asked for, and at least one', () => {
    const backlog = new Backlog();
    for (let n = 1; n <= 10; n += 1) backlog.offer(entry(CLASS.reliable, 1, n, 'x'.repeat(100)));
    const sizes: number[] = [];
    for (let frame = backlog.take(250); frame !== null; frame = backlog.take(250)) sizes.push(frame.length);
    expect(sizes).toHaveLength(5);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(250);
    backlog.offer(entry(CLASS.reliable, 1, 11, 'x'.repeat(1000)));
    expect(backlog.take(10)).toHaveLength(1 + 3 + 4 + 2 + 1000);
  });
});
