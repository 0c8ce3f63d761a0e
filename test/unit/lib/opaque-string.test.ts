import { expect, it } from 'vitest';
import { prepareOpaque } from '../../../src/lib/opaque-string.js';

it('NT5 the examples of RFC 8265', () => {
  const kept = ['correct horse battery staple', 'Correct Horse Battery Staple', 'πßå', 'Jack of ♦s'];
  for (const text of kept) expect(prepareOpaque(text)).toBe(text);
  expect(prepareOpaque('foo\u1680bar')).toBe('foo bar');
  expect(prepareOpaque('')).toBeNull();
  expect(prepareOpaque('my cat is a \u0009by')).toBeNull();
});

it('NT5 preparing twice changes nothing, and no control or half character passes', () => {
  for (const text of ['e\u0301', '\u00a0\u2003\u3000', '\u0958', '\ufb01', '\u{1f468}\u200d\u{1f469}']) {
    const once = prepareOpaque(text) ?? '';
    expect(once).not.toBe('');
    expect(prepareOpaque(once)).toBe(once);
  }
  for (const text of ['\0', 'a\nb', '\u007f', '\u0085', '\ud800', 'x\udc00', '\uffff', '\ufdd0']) {
    expect(prepareOpaque(text)).toBeNull();
  }
});
