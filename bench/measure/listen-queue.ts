/** New connections that Linux dropped because no server accepted them in time. */
import { existsSync, readFileSync } from 'node:fs';

const NETSTAT = '/proc/net/netstat';

/** How often a queue of new connections was full, of any server since the system started; null where that is unknown. */
export function listenOverflows(): number | null {
  if (!existsSync(NETSTAT)) return null;
  const [names = [], values = []] = readFileSync(NETSTAT, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'))
    .map((line) => line.split(' '));
  const at = names.indexOf('ListenOverflows');
  return at < 0 ? null : Number(values[at]);
}
