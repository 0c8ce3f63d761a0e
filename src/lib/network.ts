/** Networks of IP addresses, written as CIDR: `10.0.0.0/8`, `2001:db8::/32`, or one address alone. */
import { canonicalAddress } from './address.js';

export interface Network {
  /** Canonical. */
  readonly address: string;
  readonly prefixBits: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** The prefix of an IPv4 network gains so many bits when it is written as one of IPv6 (`::ffff:10.0.0.0/104`). */
const MAPPED_BITS = 96;
const PREFIX = /^[1-9][0-9]{0,2}$/;

/** null unless the text is one network. A prefix of 0 is refused: it would be every address. */
export function parseNetwork(text: string): Network | null {
  const [written = '', prefix, ...more] = text.split('/');
  const address = canonicalAddress(written);
  if (address === null || more.length > 0 || (prefix !== undefined && !PREFIX.test(prefix))) return null;
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  const longest = family === 'ipv6' ? 128 : 32;
  const skipped = family === 'ipv4' && written.includes(':') ? MAPPED_BITS : 0;
  const prefixBits = prefix === undefined ? longest : Number(prefix) - skipped;
  return prefixBits >= 1 && prefixBits <= longest ? { address, prefixBits, family } : null;
}
