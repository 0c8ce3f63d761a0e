/**
 * A relay session and its seats as Redis holds them: a hash of fields, and one text per seat. Scripts reply with the
 * fields' values as lines of one text, and with users and their seats as further lines (see session.lua).
 */
import { z } from 'zod';
import { parseAuthorizationTokenText, type AuthorizationToken, type SessionId } from '../../protocol/ids.js';
import type { GroupSeat, NewGroupSeat, NewSeat, Seat, SeatMember, SessionWithSeats } from '../../ports/relay-seat.js';
import type { NewRelaySession, RelaySession } from '../../ports/relay-session.js';
import { asIndex, asInteger, asPairs, asText, asUserId, asUserSessionIdOrNull, known, unexpected } from './replies.js';
import { decodeFields, encodeFields, FIELD_NAMES, type StoredSession } from './session-fields.js';

/** Who a wallet shows itself as: see `encodeGroupSeat`. */
const cardSchema = z.object({ address: z.string(), name: z.string().nullable(), pseudonym: z.string() });

/** Names and texts of what a session is made, or put back, with. `creator` is for scripts alone. */
export function encodeSession(session: NewRelaySession & Partial<StoredSession>): string[] {
  const fields = encodeFields(session);
  return session.group === null ? fields : [...fields, 'creator', session.group.creatorId];
}

/** User, wallet and card. The separator of seats stands only in texts of the card, where JSON can say it otherwise. */
export function encodeGroupSeat({ userId, group }: NewGroupSeat): [string, string, string] {
  const { wallet, ...card } = group;
  return [userId, wallet, JSON.stringify(card).replaceAll('|', '\\u007c')];
}

/** User, token, address, latitude and longitude. The separator of seats can't be in an address. */
export function encodeSeat(seat: NewSeat): string[] {
  if (seat.address.includes('|')) throw new TypeError('an address is not in canonical form');
  return [seat.userId, String(seat.token), seat.address, encodeNumber(seat.latitude), encodeNumber(seat.longitude)];
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
  const parts = text.split('|');
  if (parts.length !== 15) throw unexpected('a seat');
  const [token = '', address = '', latitude = '', longitude = '', order, held] = parts;
  const [wallet = '', card = '', userSession = ''] = parts.slice(12);
  const seat = {
    userId: asUserId(user),
    token: decodeToken(token),
    address: address === '' ? null : address,
    latitude: decodeNumber(latitude),
    longitude: decodeNumber(longitude),
    held: held === '1',
    group: decodeGroupSeat(wallet, card),
    member: decodeMember(parts.slice(6), userSession),
  };
  return { order: asInteger(order), seat };
}

function isMinted(seat: Seat): boolean {
  return seat.token === null && seat.group === null;
}

function decodeGroupSeat(wallet: string, card: string): GroupSeat | null {
  return wallet === '' ? null : { wallet, ...cardSchema.parse(JSON.parse(card)) };
}

function decodeMember([index, joined, connection, away]: readonly string[], userSession: string): SeatMember | null {
  if (index === '') return null;
  return {
    index: asIndex(index),
    joinedAtMs: asInteger(joined),
    connection: asInteger(connection),
    awayUntilMs: away === '' ? null : asInteger(away),
    userSessionId: asUserSessionIdOrNull(userSession),
  };
}

function decodeToken(text: string): AuthorizationToken | null {
  return text === '' ? null : known(parseAuthorizationTokenText(text), 'a token');
}

function encodeNumber(value: number | null): string {
  return value === null ? '' : String(value);
}

function decodeNumber(text: string): number | null {
  return text === '' ? null : Number(text);
}
