/**
 * Encodes and decodes a relay session and its seats. Redis holds a hash of fields and one text per seat. Scripts reply
 * with one text: a line per field, then two lines per seat, the user and the seat (see session.lua).
 */
import type { SessionId } from '../../protocol/ids.js';
import type { NewGroupSeat, NewSeat, Seat, SeatMember, SessionWithSeats } from '../../ports/relay-seat.js';
import type { NewRelaySession, RelaySession } from '../../ports/relay-session.js';
import { asPairs, asText, asUserId, known } from './replies.js';
import { decodeStoredSeat, encodeStoredSeat, type StoredSeat } from './seat-fields.js';
import { decodeFields, encodeFields, FIELD_NAMES, type StoredSession } from './session-fields.js';

/** The names and texts of a session's fields, for creating it or putting it back. Only scripts use `creator`. */
export function encodeSession(session: NewRelaySession & Partial<StoredSession>): string[] {
  const fields = encodeFields(session);
  return session.group === null ? fields : [...fields, 'creator', session.group.creatorId];
}

/** The text of a new seat, for an authorized user or a wallet, before a script has given it an order. */
export function encodeSeat(seat: NewSeat | NewGroupSeat): string {
  return encodeStoredSeat(seatFields(seat));
}

/** The fields of a new seat. */
export function seatFields(seat: NewSeat | NewGroupSeat): Partial<StoredSeat> {
  if (!('group' in seat)) return seat;
  const { wallet, ...card } = seat.group;
  return { wallet, card };
}

export function decodeSession(id: SessionId, reply: unknown): RelaySession {
  return sessionOf(id, asText(reply).split('\n'));
}

export function decodeSnapshot(id: SessionId, reply: unknown): SessionWithSeats {
  const lines = asText(reply).split('\n');
  return { session: sessionOf(id, lines), seats: seatsOf(lines.slice(FIELD_NAMES.length)) };
}

/** Maps each user of a snapshot to the text of their seat. */
export function seatTextsOf(snapshot: string): ReadonlyMap<string, string> {
  return new Map(asPairs(snapshot.split('\n').slice(FIELD_NAMES.length)));
}

export function decodeSeat(userId: string, text: unknown): Seat {
  return decodeOrderedSeat(userId, asText(text)).seat;
}

function sessionOf(id: SessionId, lines: readonly string[]): RelaySession {
  const { hostIndex, hostTerm, ...facts } = decodeFields(lines);
  return { id, ...facts, host: { index: hostIndex, term: hostTerm } };
}

/** Sorts seats: listed users and wallets in the order they were added, then minted users in the order they joined. */
function seatsOf(lines: readonly string[]): readonly Seat[] {
  const ordered = asPairs(lines).map(([user, text]) => decodeOrderedSeat(user, text));
  ordered.sort((a, b) => Number(isMinted(a.seat)) - Number(isMinted(b.seat)) || a.order - b.order);
  return ordered.map(({ seat }) => seat);
}

function decodeOrderedSeat(user: string, text: string): { readonly order: number; readonly seat: Seat } {
  const stored = decodeStoredSeat(text);
  const { token, address, latitude, longitude, order, held, wallet, card } = stored;
  const group = wallet === null ? null : { wallet, ...known(card, 'a card') };
  const seat = { userId: asUserId(user), token, address, latitude, longitude, held, group, member: memberOf(stored) };
  return { order, seat };
}

function isMinted(seat: Seat): boolean {
  return seat.token === null && seat.group === null;
}

function memberOf({ index, joinedAtMs, connection, awayUntilMs, userSessionId }: StoredSeat): SeatMember | null {
  if (index === null) return null;
  return {
    ...{ index, awayUntilMs, userSessionId },
    joinedAtMs: known(joinedAtMs, 'a time'),
    connection: known(connection, 'a connection'),
  };
}
