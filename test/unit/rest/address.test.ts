import { isIP, SocketAddress } from 'node:net';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalAddress } from '../../../src/lib/address.js';

it.each([
  ['1.2.3.4', '1.2.3.4'],
  ['0.0.0.0', '0.0.0.0'],
  ['255.255.255.255', '255.255.255.255'],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
  ['1::2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
  ['::ffff:1.2.3.4', '1.2.3.4'],
  ['::FFFF:0102:0304', '1.2.3.4'],
  ['0:0:0:0:0:ffff:1.2.3.4', '1.2.3.4'],
  ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
])('RS9 %s is kept as %s', (written, canonical) => {
  expect(canonicalAddress(written)).toBe(canonical);
});

it.each([
  ...[
    '',
    ' ',
    'localhost',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4 ',
    '1.2.3.-4',
    '0x1.2.3.4',
    '1e1.2.3.4',
  ],
  ...[
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8:9',
    '::1%eth0',
    '[::1]',
    '12345::',
  ],
  ...[
    '1::2:3:4:5:6:7:8',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    '::1.2.3',
    '1.2.3.4::',
    '::1.2.3.4:5',
    'g::',
    '1.2.3.4:80',
  ],
])('RS9 %j is no address', (written) => {
  expect(canonicalAddress(written)).toBeNull();
});

it('RS9 it agrees with the platform on what is an address, whatever is written', () => {
  const part = fc.oneof(
    fc.constantFrom('0', '1', 'ffff', 'FFFF', '00', '', ':', '::', '1.2.3.4', '256', '.', '%', 'g'),
    fc.integer({ min: 0, max: 65_535 }).map((group) => group.toString(16)),
  );
  const text = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.array(part, { maxLength: 9 }).map((parts) => parts.join(':')),
  );
  fc.assert(
    fc.property(text, (written) => {
      const canonical = canonicalAddress(written);
      expect(canonical !== null).toBe(isIP(written) !== 0 && !written.includes('%'));
      if (canonical === null) return;
      expect(canonicalAddress(canonical)).toBe(canonical);
      const mapped = !canonical.includes(':') && written.includes(':');
      if (canonical.includes(':') || mapped)
        expect(sameIpv6(written, mapped ? `::ffff:${canonical}` : canonical)).toBe(true);
    }),
    { seed: 7, numRuns: 3000 },
  );
});

function sameIpv6(a: string, b: string): boolean {
  const [left, right] = [a, b].map((address) => new SocketAddress({ address, family: 'ipv6' }).address);
  return left === right;
}
