import type { UserId } from '../../protocol/ids.js';
import type { SessionWithSeats } from '../../ports/relay-seat.js';

/**
 * Who has the host role of a group session, as REST sees it: the host among those who are connected; while there is none,
 * the creator, and when that has left, whoever holds a seat for longest. null when nobody does.
 */
export function groupHost({ session, seats }: SessionWithSeats): UserId | null {
  const { host, group } = session;
  const live = host.index === null ? undefined : seats.find(({ member }) => member?.index === host.index);
  const held = seats.filter((seat) => seat.held);
  const first = held.find(({ userId }) => userId === group?.creatorId) ?? held.find((seat) => seat.group !== null);
  return (live ?? first)?.userId ?? null;
}
