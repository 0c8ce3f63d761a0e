import { networkInterfaces } from 'node:os';
import { isIP } from 'node:net';

/**
 * The address where a server that listens on `host` can be reached: `host` itself if it is a specific address;
 * otherwise (all interfaces, or a name) the machine's first external address, or loopback.
 */
export function reachableAddress(host: string): string {
  const isEvery = host === '0.0.0.0' || host === '::';
  if (!isEvery && isIP(host) !== 0) return host;
  if (host === 'localhost') return '127.0.0.1';
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4');
  return outside?.address ?? '127.0.0.1';
}
