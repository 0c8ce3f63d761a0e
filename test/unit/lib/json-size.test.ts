import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitsAsJson } from '../../../src/lib/json-size.js';

describe('the size of a value as JSON', () => {
  it('is that of the text that JSON.stringify writes, to the byte', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value = JSON.parse(text) as unknown;
        const bytes = Buffer.byteLength(JSON.stringify(value));
        expect(fitsAsJson(value, bytes)).toBe(true);
        expect(fitsAsJson(value, bytes - 1)).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });

  it('is told of a value that JSON.stringify cannot write', () => {
    const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as unknown;
    expect(fitsAsJson(deep, 200_000)).toBe(true);
    expect(fitsAsJson(deep, 4096)).toBe(false);
  });
});
