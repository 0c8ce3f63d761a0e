/**
 * A relay session and its seats as Redis holds them: a hash of fields, and one text per seat. Scripts reply with the
 * fields' values as lines of one text, and with users and their seats as further lines (see session.lua).
 */
import type { SessionId } from '../../protocol/ids.js';
import type { NewGroupSeat, NewSeat, Seat, SeatMember, SessionWithSeats } from '../../ports/relay-seat.js';
import type { NewRelaySession, RelaySession } from '../../ports/relay-session.js';
import { asPairs, asText, asUserId, known } from './replies.js';
import { decodeStoredSeat, encodeStoredSeat, type StoredSeat } from './seat-fields.js';
import { decodeFields, encodeFields, FIELD_NAMES, type StoredSession } from './session-fields.js';

/** Names and texts of what a session is made, or put back, with. `creator` is for scripts alone. */
export function encodeSession(session: NewRelaySession & Partial<StoredSession>): string[] {
  const fields = encodeFields(session);
  return session.group === null ? fields : [...fields, 'creator', session.group.creatorId];
}

/** The text of a seat that is authorized, or taken in by its wallet, before scripts have given it an order. */
export function encodeSeat(seat: NewSeat | NewGroupSeat): string {
  return encodeStoredSeat(seatFields(seat));
}

/** The fields that a seat is made with. */
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

/** Each user of a snapshot with the text of its seat. */
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

/** Listed users and wallets in the order they were taken in, then minted users in the order they joined. */
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
