/**
 * The address of a client whose request was passed on by proxies, from X-Forwarded-For or Forwarded (RFC 7239). Each
 * proxy appends the address that it saw. So the right end of the list was written by trusted proxies, and whatever is
 * left of the first address that is not trusted may be invented: it is never read.
 */
import { canonicalAddress } from './address.js';

export interface ForwardedHeaders {
  /** Takes lower-case names; the values of a repeated header are joined with a comma. */
  get(name: string): string | undefined;
}

/** The addresses in the order of the header; null: the proxy wrote something that is no address (`unknown`, `_hidden`). */
type Hops = readonly (string | null)[];

/**
 * The right-most address that is not trusted, in canonical form; the left-most one when all of them are trusted. An entry
 * that is no address ends the search: the answer is the proxy that wrote it. `peer` sent the request; when it is not
 * trusted, it is the answer, and no header is read.
 *
 * null: the request can be read in two ways, because the headers lead to different addresses or Forwarded is malformed.
 * Most proxies maintain one header and let the other one of their client pass, so neither can take precedence.
 */
export function forwardedAddress(
  peer: string,
  headers: ForwardedHeaders,
  isTrusted: (address: string) => boolean,
): string | null {
  if (!isTrusted(peer)) return peer;
  const list = headers.get('x-forwarded-for');
  const standard = headers.get('forwarded');
  const byList = list === undefined ? null : farthest(peer, hopsOfList(list), isTrusted);
  if (standard === undefined) return byList ?? peer;
  const hops = hopsOfForwarded(standard);
  if (hops === null) return null;
  const byStandard = farthest(peer, hops, isTrusted);
  return byList === null || byList === byStandard ? byStandard : null;
}

function farthest(peer: string, hops: Hops, isTrusted: (address: string) => boolean): string {
  let address = peer;
  for (let at = hops.length - 1; at >= 0 && isTrusted(address); at -= 1) {
    const hop = hops[at];
    if (hop === undefined || hop === null) return address;
    address = hop;
  }
  return address;
}

function hopsOfList(list: string): Hops {
  return list
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map(addressOf);
}

const BRACKETED = /^\[([0-9A-Fa-f:.]+)\](?::[\w.-]{1,64})?$/;
const IPV4_AND_PORT = /^([0-9.]{7,15}):[\w.-]{1,64}$/;

/** An address alone, or with a port; IPv6 with a port is in brackets. */
function addressOf(entry: string): string | null {
  const [, inner] = BRACKETED.exec(entry) ?? IPV4_AND_PORT.exec(entry) ?? [];
  return canonicalAddress(inner ?? entry);
}

/**
 * One `name=value` with the separator behind it. Unquoted values may hold colons and brackets, as some proxies write them.
 * It reads in linear time: no two neighbours can take the same blanks.
 */
const PAIR = /(?:[\t ]*([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*)))?[\t ]*([,;]|$)/y;

/** null: malformed. A client cannot hide what a proxy appends: an open quote in its part makes the whole malformed. */
function hopsOfForwarded(header: string): Hops | null {
  const hops: (string | null)[] = [];
  let element: { isEmpty: boolean; node: string | null } = { isEmpty: true, node: null };
  for (let at = 0; at <= header.length; at = PAIR.lastIndex) {
    PAIR.lastIndex = at;
    const match = PAIR.exec(header);
    if (match === null) return null;
    const [, name, quoted, plain = '', separator] = match;
    if (name !== undefined) element.isEmpty = false;
    if (name?.toLowerCase() === 'for') {
      if (element.node !== null) return null;
      element.node = quoted?.replace(/\\(.)/g, '$1') ?? plain;
    }
    if (separator === ';') continue;
    if (!element.isEmpty) hops.push(element.node === null ? null : addressOf(element.node));
    if (separator === '') return hops;
    element = { isEmpty: true, node: null };
  }
  return hops;
}
