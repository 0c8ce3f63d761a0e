/** The port that all workers share. */
import { createServer } from 'node:net';

/**
 * Resolves with the port, or with a free one for 0. Rejects when another program listens on it: a worker would share
 * its connections, because it binds the port without asking for it alone.
 */
export function freeEntryPort(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (cause) => {
      const at = `${host}:${String(port)}`;
      const message = `cannot listen on ${at}: the address is in use or does not belong to this machine`;
      reject(new Error(message, { cause }));
    });
    probe.listen(port, host, () => {
      const address = probe.address();
      const found = typeof address === 'object' && address !== null ? address.port : port;
      probe.close(() => {
        resolve(found);
      });
    });
  });
}
