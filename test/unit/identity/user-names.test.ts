import fc from 'fast-check';
import { expect, it } from 'vitest';
import { foldUserName } from '../../../src/identity/user-names.js';
import { slugOf } from '../../../src/identity/organizations.js';
import { USER_NAMES } from '../../../src/ports/directory-store.js';

it.each([
  ['username', 'Alice', 'alice'],
  ['username', 'ＡＬＩＣＥ', 'alice'],
  ['username', 'Ａｌｉｃｅ\u2460', 'alice1'],
  ['username', 'STRASSE', 'strasse'],
  ['username', 'Jose\u0301', 'josé'],
  ['username', 'İstanbul', 'i̇stanbul'],
  ['username', 'a.b-c_d', 'a.b-c_d'],
  ['username', 'a'.repeat(64), 'a'.repeat(64)],
  ['email', 'Bob@Example.COM', 'bob@example.com'],
  ['email', 'bob+tag@localhost', 'bob+tag@localhost'],
  ['phone', '+49 (30) 90-18.20', '+4930901820'],
  ['mobile', '＋49170１234567', '+491701234567'],
] as const)('DI2 the %s %s is kept as %s', (name, text, folded) => {
  expect(foldUserName(name, text)).toBe(folded);
});

it.each([
  ['username', ''],
  ['username', 'a'.repeat(65)],
  ['username', 'bob@example.com'],
  ['username', '+491701234567'],
  ['username', '..'],
  ['username', 'a b'],
  ['username', 'a/b'],
  ['username', 'a\u200bb'],
  ['username', 'a;b'],
  ['email', 'bob'],
  ['email', '@example.com'],
  ['email', 'bob@'],
  ['email', 'bob@a..b'],
  ['email', 'a@b@c'],
  ['email', 'bob @example.com'],
  ['email', `${'a'.repeat(250)}@b.cd`],
  ['email', 'bob@example.com\r\nBcc: eve@example.com'],
  ['phone', '030 901820'],
  ['phone', '+0 30 901820'],
  ['phone', '+123456'],
  ['mobile', '+1234567890123456'],
  ['mobile', '+49170x234567'],
] as const)('DI2 %s: %j is no such name', (name, text) => {
  expect(foldUserName(name, text)).toBeNull();
});

it('DI2 folding what is folded changes nothing, and no text is two kinds of name but phone and mobile', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.emailAddress(),
    fc.string({ unit: fc.constantFrom(...Array.from('aAZ_.-+@ ①ßİſKﬀé\u0301')) }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const folded = USER_NAMES.map((name) => foldUserName(name, text));
      USER_NAMES.forEach((name, at) => {
        const once = folded[at] ?? null;
        if (once !== null) expect(foldUserName(name, once)).toBe(once);
      });
      const [username, email, phone] = folded;
      expect([username, email, phone].filter((each) => each !== null).length).toBeLessThanOrEqual(1);
    }),
    { numRuns: 2000 },
  );
});

it.each([
  ['Acme, Inc.', 'acme-inc'],
  ['Crème Brûlée', 'creme-brulee'],
  ['東京', 'org'],
  ['--', 'org'],
  ['a'.repeat(80), 'a'.repeat(64)],
])('DI9 the slug made of %s is %s', (name, slug) => {
  expect(slugOf(name)).toBe(slug);
});
