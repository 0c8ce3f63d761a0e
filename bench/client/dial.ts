/** TCP and TLS connections, and their source addresses. */
import { existsSync, readFileSync } from 'node:fs';
import { connect, isIP, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { z } from 'zod';

export const endpoint = z.object({
  host: z.string(),
  port: z.int(),
  isSecure: z.boolean().default(false),
});

export type Endpoint = z.output<typeof endpoint>;

const HTTPS_PORT = 443;
const HTTP_PORT = 80;
/** One source address has about 28,000 ports for one destination. */
const CLIENTS_PER_ADDRESS = 10_000;
const LOOPBACK_ADDRESSES = 250;
const LIMITS = '/proc/self/limits';
const OWN_DESCRIPTORS = 64;

/** The URL is http, https, ws or wss. */
export function endpointOf(url: string): Endpoint {
  const { protocol, hostname, port } = new URL(url);
  const isSecure = protocol === 'https:' || protocol === 'wss:';
  const host = hostname.replace(/^\[|\]$/g, '');
  return { host, isSecure, port: port === '' ? (isSecure ? HTTPS_PORT : HTTP_PORT) : Number(port) };
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.startsWith('127.');
}

/** `localAddress` null: the system chooses it. With `onread` the socket has no `data` events. */
export function dial({ host, port, isSecure }: Endpoint, localAddress: string | null, onread?: OnReadOpts): Socket {
  const reading = onread === undefined ? {} : { onread };
  const options = { host, port, noDelay: true, ...reading, ...(localAddress === null ? {} : { localAddress }) };
  if (!isSecure) return connect(options);
  return connectSecurely({ ...options, ...(isIP(host) === 0 ? { servername: host } : {}) });
}

/** Source addresses for so many clients, from the `first` of the loopback network on; none when the system can choose. */
export function sourceAddresses(endpoints: readonly Endpoint[], clients: number, first: number): string[] {
  const isLocal = endpoints.every(({ host }) => isLoopback(host));
  if (!isLocal || (first === 0 && clients <= CLIENTS_PER_ADDRESS)) return [];
  const count = Math.ceil(clients / CLIENTS_PER_ADDRESS);
  return Array.from({ length: count }, (_, i) => `127.0.0.${1 + ((first + i) % LOOPBACK_ADDRESSES)}`);
}

/** The address of one of the clients. */
export function sourceOf(addresses: readonly string[], client: number): string | null {
  if (addresses.length === 0) return null;
  return addresses[Math.floor(client / CLIENTS_PER_ADDRESS) % addresses.length] ?? null;
}

/** Throws when a child of this process may not hold so many connections. Only Linux says how many it may. */
export function demandDescriptors(connections: number): void {
  if (!existsSync(LIMITS)) return;
  const limit = Number(/^Max open files\s+(\d+)/m.exec(readFileSync(LIMITS, 'utf8'))?.[1] ?? Number.POSITIVE_INFINITY);
  if (connections + OWN_DESCRIPTORS <= limit) return;
  throw new Error(
    `a load worker would hold ${connections} connections, but may open ${limit} files: more --workers, or a higher ulimit -n`,
  );
}
