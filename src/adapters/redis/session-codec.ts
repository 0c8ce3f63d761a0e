/**
 * A relay session and its seats as Redis holds them: a hash of fields, and one text per seat. Scripts reply with the
 * fields' values as lines of one text, and with users and their seats as further lines (see session.lua).
 */
import { z } from 'zod';
import {
  parseAuthorizationTokenText,
  parseNodeId,
  parseProjectId,
  parseUserId,
  type AuthorizationToken,
  type SessionId,
} from '../../protocol/ids.js';
import { anyJson, branded, json } from './schemas.js';
import type {
  GroupSeat,
  NewGroupSeat,
  NewRelaySession,
  NewSeat,
  RelaySession,
  RelaySessionSettings,
  Seat,
  SeatMember,
  SessionWithSeats,
} from '../../ports/relay-store.js';
import {
  asHost,
  asIndex,
  asInteger,
  asPairs,
  asText,
  asUserId,
  asUserSessionIdOrNull,
  known,
  unexpected,
} from './replies.js';

const integer = z
  .string()
  .regex(/^[0-9]{1,16}$/)
  .transform(Number);
const flag = z.enum(['0', '1']).transform((text) => text === '1');

/** In the order of their lines. */
const fieldsSchema = z.object({
  project: branded(parseProjectId),
  token: branded(parseAuthorizationTokenText),
  created: integer,
  expires: integer,
  durability: z.enum(['memory', 'redis']),
  filters: json(
    z.array(z.object({ field: z.string(), values: z.array(z.string()), filterType: z.enum(['any', 'all', 'not']) })),
  ),
  home: z.union([z.literal('').transform(() => null), branded(parseNodeId)]),
  epoch: integer,
  error: json(z.string().nullable()),
  metadata: json(anyJson),
  max: integer,
  window: integer,
  flush: z.union([z.literal('auto'), integer]),
  enforce: flag,
  locked: flag,
  webhook: json(z.string().nullable()),
  group: z.union([
    z.literal('').transform(() => null),
    json(
      z.object({
        creatorId: branded(parseUserId),
        passwordHash: z.string().nullable(),
        whitelist: z.array(z.string()),
        onlyWhitelisted: z.boolean(),
      }),
    ),
  ]),
  generation: integer,
  host: z.string(),
  term: integer,
});

const NAMES = Object.keys(fieldsSchema.shape);

/** Who a wallet shows itself as: see `encodeGroupSeat`. */
const cardSchema = z.object({ address: z.string(), name: z.string().nullable(), pseudonym: z.string() });

/** Names and values of every field that does not count something. */
export function encodeSession(session: NewRelaySession): string[] {
  return [
    ['project', session.projectId],
    ['token', String(session.authorizationToken)],
    ['durability', session.durability],
    ['filters', JSON.stringify(session.filters)],
    ['home', session.homeNodeId ?? ''],
    ['epoch', session.homeNodeId === null ? '0' : '1'],
    ['error', JSON.stringify(session.error)],
    session.group === null ? [] : ['group', JSON.stringify(session.group), 'creator', session.group.creatorId],
    encodeSettings(session),
  ].flat();
}

export function encodeSettings(change: Partial<RelaySessionSettings>): string[] {
  const { metadata, maxUsers, resumeWindowMs, flushMs, enforceIp, locked, webhookUrl } = change;
  const fields: string[] = [];
  if (metadata !== undefined) fields.push('metadata', JSON.stringify(metadata));
  if (maxUsers !== undefined) fields.push('max', String(maxUsers));
  if (resumeWindowMs !== undefined) fields.push('window', String(resumeWindowMs));
  if (flushMs !== undefined) fields.push('flush', String(flushMs));
  if (enforceIp !== undefined) fields.push('enforce', enforceIp ? '1' : '0');
  if (locked !== undefined) fields.push('locked', locked ? '1' : '0');
  if (webhookUrl !== undefined) fields.push('webhook', JSON.stringify(webhookUrl));
  return fields;
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
  return { session: sessionOf(id, lines), seats: seatsOf(lines.slice(NAMES.length)) };
}

/** Each user of a snapshot with the text of its seat. */
export function seatTextsOf(snapshot: string): ReadonlyMap<string, string> {
  return new Map(asPairs(snapshot.split('\n').slice(NAMES.length)));
}

export function decodeSeat(userId: string, text: unknown): Seat {
  return decodeOrderedSeat(userId, asText(text)).seat;
}

function sessionOf(id: SessionId, lines: readonly string[]): RelaySession {
  const fields = fieldsSchema.parse(Object.fromEntries(NAMES.map((name, at) => [name, lines[at]])));
  return {
    id,
    projectId: fields.project,
    authorizationToken: fields.token,
    createdAtMs: fields.created,
    expiresAtMs: fields.expires,
    durability: fields.durability,
    filters: fields.filters,
    homeNodeId: fields.home,
    homeEpoch: fields.epoch,
    error: fields.error,
    group: fields.group,
    metadata: fields.metadata,
    maxUsers: fields.max,
    resumeWindowMs: fields.window,
    flushMs: fields.flush,
    enforceIp: fields.enforce,
    locked: fields.locked,
    webhookUrl: fields.webhook,
    generation: fields.generation,
    host: asHost(fields.host, fields.term),
  };
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
