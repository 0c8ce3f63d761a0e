import { describe, expect, it } from 'vitest';
import { inNetworks } from '../../../src/adapters/system/trusted-networks.js';
import { canonicalAddress } from '../../../src/lib/address.js';
import { forwardedAddress } from '../../../src/lib/forwarded.js';
import { parseNetwork, type Network } from '../../../src/lib/network.js';

const PROXY = '10.0.0.1';

/** The trusted networks of these tests: 10.0.0.0/8, 2001:db8:aa::/48 and 192.0.2.7. */
const isTrusted = inNetworks(['10.0.0.0/8', '2001:db8:aa::/48', '192.0.2.7'].map(network));

function network(text: string): Network {
  const parsed = parseNetwork(text);
  if (parsed === null) throw new Error(text);
  return parsed;
}

function addressBehind(peer: string, headers: Readonly<Record<string, string>>): string | null {
  return forwardedAddress(peer, new Map(Object.entries(headers)), isTrusted);
}
const byList = (list: string): string | null => addressBehind(PROXY, { 'x-forwarded-for': list });
const byStandard = (header: string): string | null => addressBehind(PROXY, { forwarded: header });

describe('the address of a client behind proxies', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['1.2.3.4, 203.0.113.9', '203.0.113.9'],
    ['1.2.3.4, 10.9.9.9, 203.0.113.9', '203.0.113.9'],
    ['1.2.3.4, 203.0.113.9, 10.0.0.3,10.0.0.2', '203.0.113.9'],
    ['203.0.113.9, 192.0.2.7', '203.0.113.9'],
    ['not an address, 203.0.113.9', '203.0.113.9'],
    [`${'x'.repeat(5000)}, 203.0.113.9`, '203.0.113.9'],
    ['203.0.113.9:4711', '203.0.113.9'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:4711, 10.0.0.2', '2001:db8::1'],
    ['[::ffff:203.0.113.9]:4711', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['203.0.113.9, ::ffff:10.0.0.2', '203.0.113.9'],
    ['203.0.113.9, 2001:db8:aa::5', '203.0.113.9'],
    ['203.0.113.9,, ,', '203.0.113.9'],
  ])('PX1 the right-most untrusted address of X-Forwarded-For: %s', (list, address) => {
    expect(byList(list)).toBe(address);
  });

  it.each([
    ['for=203.0.113.9', '203.0.113.9'],
    ['For="203.0.113.9:4711";proto=https;by=10.0.0.1', '203.0.113.9'],
    ['for=203.0.113.9:4711', '203.0.113.9'],
    ['for="[2001:db8::1]:4711"', '2001:db8::1'],
    ['for="[2001:db8::1]:_port"', '2001:db8::1'],
    ['for=[2001:db8::1]', '2001:db8::1'],
    ['for="[::ffff:203.0.113.9]"', '203.0.113.9'],
    ['proto=http;for=1.2.3.4, for=203.0.113.9, for=10.0.0.2;host="a,b;c"', '203.0.113.9'],
    ['for=unknown, for=203.0.113.9', '203.0.113.9'],
    ['host="say \\"hi\\", for=1.2.3.4";for=203.0.113.9', '203.0.113.9'],
    ['for=203.0.113.9, ,', '203.0.113.9'],
  ])('PX1 the right-most untrusted address of Forwarded: %s', (header, address) => {
    expect(byStandard(header)).toBe(address);
  });

  it('PX2 nothing is believed of a peer that is not trusted', () => {
    const headers = { 'x-forwarded-for': '1.2.3.4', forwarded: 'for="unreadable' };
    expect(addressBehind('203.0.113.9', headers)).toBe('203.0.113.9');
    expect(addressBehind('2001:db8:ab::1', headers)).toBe('2001:db8:ab::1');
    // The control: the same headers from a proxy.
    expect(addressBehind(PROXY, { 'x-forwarded-for': '1.2.3.4' })).toBe('1.2.3.4');
  });

  it.each([
    ['', PROXY],
    ['unknown', PROXY],
    ['1.2.3.4, unknown', PROXY],
    ['1.2.3.4, 256.0.0.1, 10.0.0.2', '10.0.0.2'],
    ['1.2.3.4, fe80::1%eth0', PROXY],
    ['1.2.3.4, 010.0.0.9', PROXY],
    ['1.2.3.4, 203.0.113.9:', PROXY],
    ['1.2.3.4, [203.0.113.9', PROXY],
    ['1.2.3.4, "203.0.113.9"', PROXY],
  ])('PX3 an entry that is no address ends the search at the proxy that wrote it: %s', (list, address) => {
    expect(byList(list)).toBe(address);
  });

  it('PX3 the same for hidden and missing nodes of Forwarded', () => {
    expect(byStandard('for=1.2.3.4, for=_hidden')).toBe(PROXY);
    expect(byStandard('for=1.2.3.4, for="unknown:80", for=10.0.0.2')).toBe('10.0.0.2');
    expect(byStandard('for=1.2.3.4, proto=https')).toBe(PROXY);
  });

  it('PX1 where every address is trusted, the left-most one is the client', () => {
    expect(byList('10.1.1.1, 10.2.2.2')).toBe('10.1.1.1');
    expect(byStandard('for=10.1.1.1')).toBe('10.1.1.1');
  });

  it.each([
    'for="203.0.113.9',
    'for="1.2.3.4, for=203.0.113.9',
    'for="1.2.3.4, for="[2001:db8::1]"',
    'for=1.2.3.4;x=", for="203.0.113.9"',
    'for=1.2.3.4;for=203.0.113.9',
    'for=1.2.3.4 for=203.0.113.9',
    'for',
    '=203.0.113.9',
    'for="203.0.113.9"x',
  ])('PX4 a malformed Forwarded is ambiguous: %s', (header) => {
    expect(byStandard(header)).toBeNull();
  });

  it('PX4 a header of blanks, quotes or commas takes no time', () => {
    const startedMs = performance.now();
    for (const part of [' ', '\t', '"', '\\"', ',', ';', 'a', 'a=', 'for=1,']) {
      byStandard(`for=1.2.3.4${part.repeat(60_000)}@`);
      byList(`1.2.3.4${part.repeat(60_000)}@`);
    }
    expect(performance.now() - startedMs).toBeLessThan(2000);
  });

  it('PX4 two headers that lead to different addresses are ambiguous', () => {
    const both = (list: string, header: string): string | null =>
      addressBehind(PROXY, { 'x-forwarded-for': list, forwarded: header });
    expect(both('203.0.113.9', 'for=1.2.3.4')).toBeNull();
    expect(both('203.0.113.9', 'for="')).toBeNull();
    // The control: two that agree, whatever is left of it.
    expect(both('1.2.3.4, 203.0.113.9', 'for="203.0.113.9:80", for=10.0.0.2')).toBe('203.0.113.9');
  });
});

describe('trusted networks', () => {
  it.each([
    ['10.0.0.5/8', ['10.0.0.0', '10.255.255.255', '10.0.0.5'], ['11.0.0.0', '9.255.255.255', '2001:db8::1']],
    ['192.0.2.7', ['192.0.2.7'], ['192.0.2.6', '192.0.2.8']],
    ['2001:db8::/33', ['2001:db8:7fff::1'], ['2001:db8:8000::1', '10.0.0.1']],
    ['::1', ['::1', '0:0:0:0:0:0:0:1'], ['::2', '127.0.0.1']],
    ['::ffff:10.0.0.0/104', ['10.1.2.3', '::ffff:10.1.2.3'], ['11.0.0.1']],
    ['255.255.255.255/32', ['255.255.255.255'], ['255.255.255.254']],
  ])('PX5 %s', (text, inside, outside) => {
    const has = inNetworks([network(text)]);
    for (const address of inside) expect([address, has(canonicalAddress(address) ?? '')]).toEqual([address, true]);
    for (const address of outside) expect([address, has(address)]).toEqual([address, false]);
  });

  it.each([
    ...[
      '10.0.0.0/0',
      '::/0',
      '10.0.0.0/33',
      '2001:db8::/129',
      '10.0.0/8',
      '10.0.0.0/08',
      '10.0.0.0/',
      '/8',
      'localhost',
    ],
    ...['10.0.0.0/8/8', '10.0.0.0/-1', '[::1]', '::ffff:10.0.0.0/96', '10.0.0.1:80', 'fe80::1%eth0'],
  ])('PX5 %s is no network', (text) => {
    expect(parseNetwork(text)).toBeNull();
  });
});
