import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOSTILE_SHAPES } from '../../../bench/hostile/json-shapes.js';
import { MAX_JSON_DEPTH, scanJson } from '../../../src/lib/bounded-json.js';

const UNBOUNDED = { maxDepth: Number.MAX_SAFE_INTEGER, maxValues: Number.MAX_SAFE_INTEGER };
const bytesOf = (text: string): Buffer => Buffer.from(text);

/** By another way than the scan's: from the value. Duplicates are gone there, so texts come from `JSON.stringify`. */
function measured(value: unknown): { readonly depth: number; readonly values: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, values: 0 };
  const inner = Object.values(value).map(measured);
  return {
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    values: inner.length + inner.reduce((sum, { values }) => sum + values, 0),
  };
}

describe('bounds on JSON', () => {
  it('HT7 depth and values are counted exactly, and the first excess is named', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        const bytes = bytesOf(JSON.stringify(value, null, indent));
        const { depth, values } = measured(value);
        expect(scanJson(bytes, { maxDepth: depth, maxValues: values }).fault).toBeNull();
        if (depth > 0) expect(scanJson(bytes, { ...UNBOUNDED, maxDepth: depth - 1 }).fault).toBe('too_deep');
        if (values > 0) expect(scanJson(bytes, { ...UNBOUNDED, maxValues: values - 1 }).fault).toBe('too_many_values');
      }),
      { numRuns: 2000 },
    );
  });

  it('HT7 WF8 members of one object, and arrays and objects together, are counted exactly', () => {
    const within = (text: string, bounds: object) => scanJson(bytesOf(text), { ...UNBOUNDED, maxDepth: 9, ...bounds });
    const text = '{"a":{"x":1,"x":2},"b":[1,2,3,{"y":{}}],"c":{}}';
    expect(within(text, { maxMembers: 3 }).fault).toBeNull();
    expect(within(text, { maxMembers: 2 }).fault).toBe('too_many_members');
    expect(within(text, { maxContainers: 6 }).fault).toBeNull();
    expect(within(text, { maxContainers: 5 }).fault).toBe('too_many_values');
  });

  it('MB5 the named member is found as JSON.parse finds it: escapes, white space, and the last of several', () => {
    const key = fc.constantFrom(
      '"state"',
      '"st\\u0061te"',
      '"\\u0073\\u0074\\u0061\\u0074\\u0065"',
      '"other"',
      '"s\\"t"',
    );
    const blank = fc.constantFrom('', ' ', '\n\t ');
    const value = fc.oneof(fc.json(), fc.constant('{"state":"inner"}'), fc.constant('["state", ",}:"]'));
    const member = fc.tuple(blank, key, blank, value, blank);
    fc.assert(
      fc.property(fc.array(member, { maxLength: 5 }), (members) => {
        const text = `{${members.map(([a, name, b, inner, c]) => `${a}${name}${b}:${c}${inner}${a}`).join(',')}}`;
        const parsed = JSON.parse(text) as { readonly state?: unknown };
        const { member: span } = scanJson(bytesOf(text), UNBOUNDED, 'state');
        const found =
          span === null ? undefined : (JSON.parse(bytesOf(text).toString('utf8', span.from, span.to)) as unknown);
        expect(found).toEqual(parsed.state);
      }),
      { numRuns: 3000 },
    );
  });

  it('WF7 any bytes are scanned to an end; nothing throws', () => {
    const alphabet = fc.constantFrom('[', ']', '{', '}', ':', ',', '"', '\\', ' ', '0', 'a', '\ud800', 'é');
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: alphabet, maxLength: 80 }), fc.string()), (text) => {
        scanJson(bytesOf(text), { maxDepth: 8, maxValues: 16 }, 'state');
      }),
      { numRuns: 5000 },
    );
  });

  it('HT7 A23 no shape of 1 MB makes it throw or recurse, and the depth is refused at its first excess', () => {
    for (const { text } of HOSTILE_SHAPES) scanJson(bytesOf(text(1_000_000)), UNBOUNDED, 'state');
    const deep = bytesOf('['.repeat(1_000_000));
    expect(scanJson(deep, { ...UNBOUNDED, maxDepth: MAX_JSON_DEPTH }).fault).toBe('too_deep');
    // Without the bound such a text reaches what recurses, and that throws.
    const value = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as unknown;
    expect(() => JSON.stringify(value)).toThrow(RangeError);
  });
});
