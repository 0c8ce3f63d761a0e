import type { UserId } from '../../protocol/ids.js';
import type { SessionWithSeats } from '../../ports/relay-seat.js';

/**
 * The user who has the host role of a group session, as REST shows it: the host, if connected; else the creator; else
 * the user who has held a seat for longest. null when nobody holds a seat.
 */
export function groupHost({ session, seats }: SessionWithSeats): UserId | null {
  const { host, group } = session;
  const live = host.index === null ? undefined : seats.find(({ member }) => member?.index === host.index);
  const held = seats.filter((seat) => seat.held);
  const first = held.find(({ userId }) => userId === group?.creatorId) ?? held.find((seat) => seat.group !== null);
  return (live ?? first)?.userId ?? null;
}
