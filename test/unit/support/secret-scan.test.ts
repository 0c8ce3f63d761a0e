import { expect, it } from 'vitest';
import { SecretScan, spellingsOf } from '../../support/secret-scan.js';

const SECRET = 'p@ss word/"with" ümlaut+%';

it('SC1 control: a secret is found in every spelling, wherever in an encoded text it stands', () => {
  const scan = new SecretScan();
  scan.add(SECRET);
  const texts = [
    ...[
      SECRET,
      JSON.stringify({ a: SECRET }),
      encodeURIComponent(SECRET),
      encodeURIComponent(encodeURIComponent(SECRET)),
    ],
    ...[new URLSearchParams({ q: SECRET }).toString(), Buffer.from(SECRET).toString('hex')],
    ...['', 'x', 'xx', 'xxx'].flatMap((before) =>
      ['', 'y', 'yy'].flatMap((after) => {
        const bytes = Buffer.from(before + SECRET + after);
        return [bytes.toString('base64'), bytes.toString('base64url')];
      }),
    ),
  ];
  for (const text of texts) expect([text, scan.found({ log: `a line ${text} more` }).length > 0]).toEqual([text, true]);
  expect(scan.found({ log: 'nothing of the kind', metrics: Buffer.from('another').toString('base64') })).toEqual([]);
});

it('SC1 control: no spelling is so short that chance writes it', () => {
  for (const { written } of spellingsOf('12345678')) expect(written.length).toBeGreaterThanOrEqual(8);
  expect(() => {
    new SecretScan().add('short');
  }).toThrow();
});
