/**
 * The fields of a seat in Redis. Only this table defines each field's name, text form, default and position. A seat is
 * one text of all its fields, so that a join reads and writes one field of a hash. This file also generates the Lua
 * code that reads and writes seats by name, so a field that only readers need is one new row here.
 *
 * Why not JSON: names in the text made a join about 10 % more expensive for Redis (60 to 66 us, Redis 7.0.15, medians of 12
 * interleaved rounds of 2,000 calls on a busy machine).
 */
import { z } from 'zod';
import {
  parseAuthorizationTokenText,
  parseMemberIndex,
  parseUserSessionId,
  type AuthorizationToken,
  type MemberIndex,
  type UserSessionId,
} from '../../protocol/ids.js';
import { decodeFieldsBy, encodersOf, flag, integer, json, name, orNothing, type Codec, type Fields } from './fields.js';
import { known, unexpected } from './replies.js';

const SEPARATOR = '|';

/** The address and names that a wallet shows to others. */
const card = z.object({ address: z.string(), name: z.string().nullable(), pseudonym: z.string() });

export interface StoredSeat {
  readonly token: AuthorizationToken | null;
  readonly address: string | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
  /** The seat's number within its session; for minted users, the number of the join. */
  readonly order: number;
  readonly held: boolean;
  /** null while the seat has no member; the other fields of a member are then null, too. */
  readonly index: MemberIndex | null;
  readonly joinedAtMs: number | null;
  readonly connection: number | null;
  readonly awayUntilMs: number | null;
  readonly resumeHash: string | null;
  readonly previousResumeHash: string | null;
  readonly userSessionId: UserSessionId | null;
  readonly wallet: string | null;
  readonly card: z.infer<typeof card> | null;
}

const text: Codec<string> = {
  encode: (value) => {
    if (value.includes(SEPARATOR)) throw new TypeError('a field of a seat contains the separator');
    return value;
  },
  decode: (stored) => stored,
};
const number = { encode: String, decode: Number };
const index = {
  encode: String,
  decode: (stored: string) => known(parseMemberIndex(integer.decode(stored)), 'a member index'),
};

const FIELDS: Fields<StoredSeat> = {
  token: { name: 'token', ...orNothing(name(parseAuthorizationTokenText)), byDefault: null },
  address: { name: 'address', ...orNothing(text), byDefault: null },
  latitude: { name: 'latitude', ...orNothing(number), byDefault: null },
  longitude: { name: 'longitude', ...orNothing(number), byDefault: null },
  order: { name: 'order', ...integer },
  held: { name: 'held', ...flag },
  index: { name: 'index', ...orNothing(index), byDefault: null },
  joinedAtMs: { name: 'joined', ...orNothing(integer), byDefault: null },
  connection: { name: 'connection', ...orNothing(integer), byDefault: null },
  awayUntilMs: { name: 'away', ...orNothing(integer), byDefault: null },
  resumeHash: { name: 'resume', ...orNothing(text), byDefault: null },
  previousResumeHash: { name: 'previous', ...orNothing(text), byDefault: null },
  userSessionId: { name: 'user_session', ...orNothing(name(parseUserSessionId)), byDefault: null },
  wallet: { name: 'wallet', ...orNothing(text), byDefault: null },
  card: { name: 'card', ...orNothing(escaped(json(card))), byDefault: null },
};

const ENCODERS = encodersOf(FIELDS);

/**
 * Makes a writer for seats with these fields; the other fields have no value. Call it once per kind of seat: a create
 * writes many seats, and most fields of a new seat have no value.
 */
export function seatWriter<K extends keyof StoredSeat>(
  ...keys: readonly K[]
): (seat: Partial<Pick<StoredSeat, K>>) => string {
  const given: ReadonlySet<keyof StoredSeat> = new Set(keys);
  const columns: { gap: string; readonly encode: (seat: Partial<StoredSeat>) => string | null }[] = [];
  let gap = '';
  for (const [at, { key, encode }] of ENCODERS.entries()) {
    if (at > 0) gap += SEPARATOR;
    if (!given.has(key)) continue;
    columns.push({ gap, encode });
    gap = '';
  }
  const tail = gap;
  return (seat) => {
    let line = '';
    for (const column of columns) line += column.gap + (column.encode(seat) ?? '');
    return line + tail;
  };
}

/** The text of a seat with all its fields. */
export const encodeStoredSeat = seatWriter(...ENCODERS.map(({ key }) => key));

export function decodeStoredSeat(stored: string): StoredSeat {
  const texts = stored.split(SEPARATOR);
  if (texts.length !== ENCODERS.length) throw unexpected('a seat');
  return decodeFieldsBy(FIELDS, texts);
}

/**
 * Lua code that scripts include. `read_seat(user, text)` returns a table of the user and of the fields' texts by name.
 * `write_seat(seat)` returns the text of such a table; a missing field has no value. `NO_SEAT` is the text of a seat
 * without values.
 */
export function seatLua(): string {
  const names = ENCODERS.map(({ name: called }) => called);
  const [list, members] = [names.join(', '), names.map((each) => `${each} = ${each}`).join(', ')];
  const pattern = names.map(() => '([^|]*)').join(SEPARATOR);
  const texts = names.map((each) => `seat.${each} or ''`).join(', ');
  return `
local NO_SEAT = '${SEPARATOR.repeat(names.length - 1)}'
local function read_seat(user, text)
  local ${list} = string.match(text, '^${pattern}$')
  return { user = user, ${members} }
end
local function write_seat(seat)
  return table.concat({ ${texts} }, '${SEPARATOR}')
end
`;
}

/** Escapes the separator inside JSON text. */
function escaped<T>(codec: Codec<T>): Codec<T> {
  return {
    encode: (value) => codec.encode(value)?.replaceAll(SEPARATOR, '\\u007c') ?? null,
    decode: (stored) => codec.decode(stored),
  };
}
