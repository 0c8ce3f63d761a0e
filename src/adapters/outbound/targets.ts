/** Which targets the gateway may call: what their URL shows, and what their addresses are. */
import { isIP } from 'node:net';
import { isLoopback, isPublic } from './addresses.js';

export interface TargetRules {
  /** Development: http and loopback addresses are allowed as well. */
  readonly isDevelopment: boolean;
  /** Addresses that the operator allows although they are not public. */
  readonly isAllowed: (address: string) => boolean;
}

export interface Target {
  readonly url: URL;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
}

/** Below this, a port belongs to a service of the system: mail, ssh, name servers. */
const FIRST_FREE_PORT = 1024;
const WEB_PORTS: readonly string[] = ['', '80', '443'];

/** Parses as browsers do: an IPv4 address in any spelling (octal, hexadecimal, one number) becomes a plain one. */
export function parseTarget(text: string, rules: TargetRules): Target | { readonly refusal: string } {
  if (!URL.canParse(text)) return { refusal: 'not a URL' };
  const url = new URL(text);
  const refusal = refusalOfUrl(url, rules);
  return refusal === null ? { url, host: hostOf(url) } : { refusal };
}

/** Why an address may not be called; null when it may. */
export function refusalOfAddress(address: string, { isDevelopment, isAllowed }: TargetRules): string | null {
  if (isPublic(address) || isAllowed(address) || (isDevelopment && isLoopback(address))) return null;
  return `${address} is not an address of the public internet, and SALLYPORT_OUTBOUND_ALLOW does not list it`;
}

function refusalOfUrl(url: URL, rules: TargetRules): string | null {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'neither https nor http';
  if (url.protocol === 'http:' && !rules.isDevelopment) return 'http: only https is allowed outside development';
  if (url.username !== '' || url.password !== '') return 'a user or password in the URL';
  if (!WEB_PORTS.includes(url.port) && Number(url.port) < FIRST_FREE_PORT) return `port ${url.port}`;
  const host = hostOf(url);
  return isIP(host) === 0 ? null : refusalOfAddress(host, rules);
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
