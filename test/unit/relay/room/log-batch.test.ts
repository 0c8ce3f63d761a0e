import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeLogBatch, encodeLogBatch, loggedBytes } from '../../../../src/relay/room/log-batch.js';

const entries = fc.array(
  fc.record({
    sender: fc.integer({ min: 0, max: 0xffff }),
    targets: fc.option(fc.uint16Array({ maxLength: 5 })),
    payload: fc.uint8Array({ maxLength: 300 }),
  }),
  { minLength: 1, maxLength: 20 },
);

describe('a batch of a durable log', () => {
  it('DB1 gives back its entries', () => {
    fc.assert(
      fc.property(entries, (given) => {
        const bytes = encodeLogBatch(given);
        expect(bytes.length).toBe(1 + given.reduce((sum, entry) => sum + loggedBytes(entry), 0));
        const plain = decodeLogBatch(bytes).map(({ payload, ...rest }) => ({ ...rest, payload: payload.slice() }));
        expect(plain).toEqual(given);
      }),
      { numRuns: 200 },
    );
  });

  it('DB1 refuses bytes of another format, and those that are cut off', () => {
    const bytes = encodeLogBatch([{ sender: 1, targets: Uint16Array.of(2), payload: Uint8Array.of(3, 4) }]);
    expect(() => decodeLogBatch(new Uint8Array(0))).toThrow(RangeError);
    expect(() => decodeLogBatch(Uint8Array.of(9))).toThrow(RangeError);
    for (let end = 2; end < bytes.length; end += 1)
      expect(() => decodeLogBatch(bytes.subarray(0, end))).toThrow(RangeError);
  });
});
