/** The gauges of a node as a whole; parts that have gauges of their own register them where they are composed. */
import type { UwsServer } from '../adapters/uws/server.js';
import type { Membership } from '../cluster/membership.js';
import type { Rooms } from '../relay/home/rooms.js';
import type { Room } from '../relay/room/room.js';
import type { Ground } from './ground.js';

export interface GaugedParts {
  readonly membership: Membership;
  readonly rooms: Rooms;
  readonly server: UwsServer;
}

export function exposeGauges(
  { metrics, store, log }: Pick<Ground, 'metrics' | 'store' | 'log'>,
  { membership, rooms, server }: GaugedParts,
): void {
  metrics.gauge('connections', 'Open WebSockets.', () => server.connections);
  metrics.gauge('rooms', 'Relay sessions that are live on this node.', () => rooms.size);
  metrics.gauge(
    'socket_waiting_bytes',
    'Bytes that wait for peers to read them: in the buffers of sockets and in the backlogs of slow members.',
    () => server.waitingBytes() + sum(rooms, (room) => room.backlogBytes),
  );
  metrics.gauge('sockets_behind', 'Members that read too slowly to share the frames of their room.', () =>
    sum(rooms, (room) => room.slowMembers),
  );
  metrics.gauge('store_up', '1 while the state store can be asked.', () => (store.health().ok ? 1 : 0));
  metrics.gauge('lease_held', '1 while this node may number reliable entries.', () => (membership.leaseHeld() ? 1 : 0));
  metrics.gauge('log_lines_dropped', 'Log lines lost to a sink that did not take them.', () => log.droppedLines());
}

function sum(rooms: Rooms, of: (room: Room) => number): number {
  let total = 0;
  for (const room of rooms.all()) total += of(room);
  return total;
}
