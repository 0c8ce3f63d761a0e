import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseExactJson, writeExactJson, keptNumberOf } from '../../../src/lib/exact-json.js';
import { fitsAsJson } from '../../../src/lib/json-size.js';

const KEPT = new Set(['kept']);
const NUMBERS = [
  '76561198012345679',
  '-9007199254740993',
  '1e400',
  '-1E+400',
  '1e-400',
  '-0',
  '-0.0',
  '0.0',
  '1.0',
  '1e2',
  '0.1234567890123456789',
  '3.14159265358979323846',
  '9'.repeat(400),
];

it.each(NUMBERS)('NT4 %s comes back as it was sent, wherever it stands', (number) => {
  // Control: JavaScript writes it otherwise.
  expect(JSON.stringify(JSON.parse(`[${number}]`))).not.toBe(`[${number}]`);
  const object = `{"a":${number},"b":[1,${number},{"\\u0063\\"":${number}}],"c":"${number} \\" ${number}","d":0.5}`;
  expect(writeExactJson(structuredClone(parseExactJson(object, 'whole')))).toBe(object.replace('\\u0063', 'c'));
  const members = `{"x":{"a":1},"kept":${object},"y":[1]}`;
  expect(writeExactJson(parseExactJson(members, KEPT))).toBe(members.replace('\\u0063', 'c'));
  const value = parseExactJson(object, 'whole') as { readonly a: object };
  expect(keptNumberOf(value.a)).toBe(number);
  const bytes = Buffer.byteLength(writeExactJson(value));
  expect([fitsAsJson(value, bytes), fitsAsJson(value, bytes - 1)]).toEqual([true, false]);
});

it('NT4 numbers outside the kept members are plain numbers, and so is one in place of a kept object', () => {
  const text = '{"other":{"a":1.0,"kept":2.0},"kept":3.0,"list":[{"kept":4.0}],"k\\u0065pt":5.0}';
  expect(parseExactJson(text, KEPT)).toEqual({ other: { a: 1, kept: 2 }, kept: 5, list: [{ kept: 4 }] });
  expect(parseExactJson('1.0', 'whole')).toBe(1);
  expect(writeExactJson(parseExactJson('{"k\\u0065pt":{"a":1.0},"z":{"a":1.0}}', KEPT))).toBe(
    '{"kept":{"a":1.0},"z":{"a":1}}',
  );
});

it('NT4 text that is no JSON stays none, and other JSON means what it means to JavaScript', () => {
  for (const text of [
    '01.0',
    '-',
    '1.',
    '{1.0:2}',
    '[1.0.0]',
    '[-01]',
    '{"kept":{"a":1.0 2.0}}',
    '{"kept":{"a":"1.0}',
    '[1.0',
  ]) {
    expect(() => parseExactJson(text, 'whole')).toThrow(SyntaxError);
    expect(() => parseExactJson(text, KEPT)).toThrow(SyntaxError);
  }
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(parseExactJson(text, new Set())).toEqual(JSON.parse(text));
      expect(JSON.parse(writeExactJson(parseExactJson(text, 'whole')))).toEqual(JSON.parse(text));
    }),
    { numRuns: 500 },
  );
  const hostile = '{"__proto__":{"a":1.0},"constructor":{"prototype":-0}}';
  expect(writeExactJson(parseExactJson(hostile, 'whole'))).toBe(hostile);
});
