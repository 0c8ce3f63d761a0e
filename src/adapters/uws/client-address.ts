/** The address of the client of a request: the TCP peer, or what trusted proxies say about it. */
import { canonicalAddress } from '../../lib/address.js';
import { forwardedAddress } from '../../lib/forwarded.js';
import type { EngineResponse } from './engine.js';

export interface AddressRules {
  /** Whether the gateway believes what a proxy at this address says about its clients. */
  readonly isTrusted: (address: string) => boolean;
  /** Whether trusted proxies begin each connection with a header of the PROXY protocol, version 2. */
  readonly readsProxyProtocol: boolean;
}

export interface ClientAddress {
  readonly address: string;
  /** The headers of a trusted proxy can be read in two ways; the address is then that of the peer. */
  readonly isAmbiguous: boolean;
}

export function clientAddressOf(
  res: EngineResponse,
  headers: ReadonlyMap<string, string>,
  { isTrusted, readsProxyProtocol }: AddressRules,
): ClientAddress {
  const peer = textOf(new Uint8Array(res.getRemoteAddress())) ?? '';
  // Anyone can send such a header: the engine reads it at the beginning of every request.
  const proxied = readsProxyProtocol && isTrusted(peer) ? textOf(new Uint8Array(res.getProxiedRemoteAddress())) : null;
  const sender = proxied ?? peer;
  const address = forwardedAddress(sender, headers, isTrusted);
  return address === null ? { address: sender, isAmbiguous: true } : { address, isAmbiguous: false };
}

/** null for no address: a proxy's own connection (a health check) has none in its PROXY header. */
function textOf(bytes: Uint8Array): string | null {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return null;
  const groups: string[] = [];
  for (let i = 0; i < bytes.length; i += 2) groups.push((((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)).toString(16));
  return canonicalAddress(groups.join(':'));
}
