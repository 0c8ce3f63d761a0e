/**
 * IP addresses in one canonical text form, so that equal addresses are equal strings. IPv4: four plain decimals. IPv6:
 * as in RFC 5952 (lower case, no leading zeros, the longest run of zeros as `::`). An IPv4 address mapped into IPv6
 * becomes the IPv4 address.
 */

/** null unless the text is exactly one address: no zone, no port, no brackets, no leading zeros in IPv4. */
export function canonicalAddress(text: string): string | null {
  if (text.length > LONGEST_ADDRESS) return null;
  if (!text.includes(':')) return parseIpv4(text) === null ? null : text;
  const groups = parseIpv6(text);
  return groups === null ? null : (mappedIpv4(groups) ?? formatIpv6(groups));
}

/**
 * The addresses that one customer usually has: an IPv4 address itself, or the /64 of an IPv6 address. Limits by address
 * use it. Takes a canonical address.
 */
export function networkOf(address: string): string {
  const groups = address.includes(':') ? parseIpv6(address) : null;
  return groups === null ? address : `${formatIpv6([...groups.slice(0, 4), 0, 0, 0, 0])}/64`;
}

/** `0000:0000:0000:0000:0000:ffff:255.255.255.255` */
const LONGEST_ADDRESS = 45;
const DECIMAL_BYTE = /^(?:0|[1-9][0-9]{0,2})$/;
const HEX_GROUP = /^[0-9A-Fa-f]{1,4}$/;

/** The address as two 16-bit groups, or null. */
function parseIpv4(text: string): readonly number[] | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => DECIMAL_BYTE.test(part) && Number(part) <= 255)) return null;
  const [a = 0, b = 0, c = 0, d = 0] = parts.map(Number);
  return [a * 256 + b, c * 256 + d];
}

/** Eight 16-bit groups. */
function parseIpv6(text: string): readonly number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [headText = '', tailText] = halves;
  const head = parseGroups(headText, tailText === undefined);
  const tail = tailText === undefined ? [] : parseGroups(tailText, true);
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  // `::` stands for at least one group.
  if (tailText === undefined ? missing !== 0 : missing < 1) return null;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** The last two groups of an address may be written as IPv4. */
function parseGroups(text: string, isEnd: boolean): readonly number[] | null {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [place, part] of parts.entries()) {
    if (HEX_GROUP.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const embedded = isEnd && place === parts.length - 1 ? parseIpv4(part) : null;
    if (embedded === null) return null;
    groups.push(...embedded);
  }
  return groups;
}

function mappedIpv4(groups: readonly number[]): string | null {
  const [, , , , , marker, high = 0, low = 0] = groups;
  if (marker !== 0xffff || groups.slice(0, 5).some((group) => group !== 0)) return null;
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

function formatIpv6(groups: readonly number[]): string {
  const { start, length } = longestZeroRun(groups);
  const written = groups.map((group) => group.toString(16));
  if (length < 2) return written.join(':');
  return `${written.slice(0, start).join(':')}::${written.slice(start + length).join(':')}`;
}

/** The first of the longest runs of zeros. */
function longestZeroRun(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let longest = { start: 0, length: 0 };
  let length = 0;
  for (const [place, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > longest.length) longest = { start: place - length + 1, length };
  }
  return longest;
}
