import { networkInterfaces } from 'node:os';
import { isIP } from 'node:net';

/**
 * The address under which a server that listens on `host` can be reached: `host` itself when it is one, else (every
 * interface, or a name) the machine's first outside address, else loopback.
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
