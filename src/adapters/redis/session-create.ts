/** Creates a relay session: the arguments of create.lua, and the session that they make. */
import type { EventType } from '../../ports/event.js';
import type { NewGroupSeat, NewSeat, Seat, SessionWithSeats } from '../../ports/relay-seat.js';
import type { NewRelaySession } from '../../ports/relay-session.js';
import type { Argument } from './link.js';
import { asInteger } from './replies.js';
import { seatWriter } from './seat-fields.js';
import { encodeSession } from './session-codec.js';
import { encodeFields, linesAroundTimes } from './session-fields.js';

export type SeatToMake = NewSeat | NewGroupSeat;

const writeListed = seatWriter('token', 'address', 'latitude', 'longitude', 'order', 'held');
const writeWallet = seatWriter('wallet', 'card', 'order', 'held');

/** Equal for every session, so encoded once. */
const AT_FIRST = encodeFields({ generation: 1, hostIndex: null, hostTerm: 0 });
const WITH_HOME = encodeFields({ homeEpoch: 1 });
const WITHOUT_HOME = encodeFields({ homeEpoch: 0 });

/** The gateway prepares all values: one command inside a script costs Redis as much as ten arguments. */
export function encodeCreate(session: NewRelaySession, seats: readonly SeatToMake[]): readonly Argument[] {
  const taken = String(seats.length);
  const epoch = session.homeNodeId === null ? WITHOUT_HOME : WITH_HOME;
  const fields = [...encodeSession(session), ...epoch, ...AT_FIRST];
  const type: EventType = session.homeNodeId === null ? 'session.failed' : 'session.ready';
  const lists = [
    [...fields, 'held', taken, 'next', '0', 'order', taken, 'revision', '0'],
    seats.flatMap((seat, at) => [seat.userId, seatText(seat, at + 1)]),
    seats.flatMap((seat) => ('group' in seat ? [] : [seat.token, seat.userId])),
    encodeAddresses(seats),
  ];
  const event = [type, session.projectId, ...linesAroundTimes(fields)];
  return [session.ttlMs, ...event, ...lists.flatMap((list) => [list.length, ...list])];
}

/** The session as `get` would now return it. */
export function decodeCreate(reply: unknown, session: NewRelaySession, seats: readonly SeatToMake[]): SessionWithSeats {
  const { ttlMs, ...facts } = session;
  const createdAtMs = asInteger(reply);
  return {
    session: {
      createdAtMs,
      expiresAtMs: createdAtMs + ttlMs,
      homeEpoch: session.homeNodeId === null ? 0 : 1,
      generation: 1,
      host: { index: null, term: 0 },
      ...facts,
    },
    seats: seats.map(seatOf),
  };
}

/** The text of a seat that is held from the start and has no member yet. */
function seatText(seat: SeatToMake, order: number): string {
  if (!('group' in seat)) {
    const { token, address, latitude, longitude } = seat;
    return writeListed({ token, address, latitude, longitude, order, held: true });
  }
  const { wallet, ...card } = seat.group;
  return writeWallet({ wallet, card, order, held: true });
}

/** The number of listed users per address, and the user of each wallet: in one hash, which saves a key per session. */
function encodeAddresses(seats: readonly SeatToMake[]): readonly Argument[] {
  const counts = new Map<string, number>();
  const wallets: string[] = [];
  for (const seat of seats) {
    if ('group' in seat) wallets.push(`wallet ${seat.group.wallet}`, seat.userId);
    else counts.set(seat.address, (counts.get(seat.address) ?? 0) + 1);
  }
  return [...counts].flat().concat(wallets);
}

function seatOf(seat: SeatToMake): Seat {
  if ('group' in seat) {
    const nobody = { token: null, address: null, latitude: null, longitude: null };
    return { userId: seat.userId, held: true, group: seat.group, member: null, ...nobody };
  }
  return { held: true, group: null, member: null, ...seat };
}
