import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../../src/lib/token-bucket.js';

function take(bucket: TokenBucket, amount: number, nowMs: number): boolean {
  const has = bucket.has(amount, nowMs);
  if (has) bucket.take(amount);
  return has;
}

describe('token bucket', () => {
  it('LM1 lets a second of messages through at once, and then as many as flow in', () => {
    const bucket = new TokenBucket(10, 0);
    const passed = Array.from({ length: 15 }, () => take(bucket, 1, 0)).filter(Boolean).length;
    expect(passed).toBe(10);
    expect(take(bucket, 1, 99)).toBe(false);
    expect(take(bucket, 1, 100)).toBe(true);
    expect(take(bucket, 1, 100)).toBe(false);
  });

  it('LM1 saves up one second at most', () => {
    const bucket = new TokenBucket(10, 0);
    expect(Array.from({ length: 30 }, () => take(bucket, 1, 60_000)).filter(Boolean)).toHaveLength(10);
  });

  it('LM1 lets a message larger than a second of bytes through when the bucket is full', () => {
    const bucket = new TokenBucket(100, 0);
    expect(take(bucket, 500, 0)).toBe(true);
    expect(take(bucket, 1, 0)).toBe(false);
    expect(take(bucket, 500, 999)).toBe(false);
    expect(take(bucket, 500, 1000)).toBe(true);
  });

  it('LM2 has no limit at 0', () => {
    const bucket = new TokenBucket(0, 0);
    expect(Array.from({ length: 100_000 }, () => take(bucket, 1_000_000, 0)).every(Boolean)).toBe(true);
  });
});
