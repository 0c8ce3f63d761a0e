/** What Linux counts of connections that nobody took in time. */
import { existsSync, readFileSync } from 'node:fs';

const NETSTAT = '/proc/net/netstat';

/** How often a queue of new connections was full, of all servers of this machine since its start; null where it is not told. */
export function listenOverflows(): number | null {
  if (!existsSync(NETSTAT)) return null;
  const [names = [], values = []] = readFileSync(NETSTAT, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'))
    .map((line) => line.split(' '));
  const at = names.indexOf('ListenOverflows');
  return at < 0 ? null : Number(values[at]);
}
