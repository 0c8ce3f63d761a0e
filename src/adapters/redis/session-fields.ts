/**
 * The fields of a relay session in Redis. Only this table defines each field's name, text form and default. Scripts get
 * the names from here (script.ts) and pass the texts through, so a field that only readers need is one new row here.
 * Programs of other versions read the stored data: never change an existing name or text form.
 */
import { z } from 'zod';
import type { RelaySession } from '../../ports/relay-session.js';
import {
  parseAuthorizationTokenText,
  parseMemberIndex,
  parseNodeId,
  parseProjectId,
  parseUserId,
  type MemberIndex,
} from '../../protocol/ids.js';
import type { Json } from '../../lib/json.js';
import { decodeFieldsBy, encodersOf, flag, integer, json, name, orEmpty, orNothing, type Fields } from './fields.js';
import { asInteger, known } from './replies.js';
import { anyJson, branded } from './schemas.js';

/** A session as stored: the key contains the id, and the host is two fields. */
export interface StoredSession extends Omit<RelaySession, 'id' | 'host'> {
  readonly hostIndex: MemberIndex | null;
  readonly hostTerm: number;
}

const filters = z.array(
  z.object({ field: z.string(), values: z.array(z.string()), filterType: z.enum(['any', 'all', 'not']) }),
);
const group = z.object({
  creatorId: branded(parseUserId),
  passwordHash: z.string().nullable(),
  whitelist: z.array(z.string()),
  onlyWhitelisted: z.boolean(),
});

const FIELDS: Fields<StoredSession> = {
  projectId: { name: 'project', ...name(parseProjectId) },
  authorizationToken: { name: 'token', ...name(parseAuthorizationTokenText) },
  createdAtMs: { name: 'created', ...integer },
  expiresAtMs: { name: 'expires', ...integer },
  durability: {
    name: 'durability',
    encode: (value) => value,
    decode: (text) => known(text === 'memory' || text === 'redis' ? text : null, 'a durability'),
  },
  filters: { name: 'filters', ...json(filters) },
  homeNodeId: { name: 'home', ...orEmpty(name(parseNodeId)), byDefault: null },
  homeEpoch: { name: 'epoch', ...integer },
  error: { name: 'error', ...json(z.string().nullable()) },
  metadata: { name: 'metadata', ...json<Json>(anyJson) },
  maxUsers: { name: 'max', ...integer },
  resumeWindowMs: { name: 'window', ...integer },
  flushMs: {
    name: 'flush',
    encode: String,
    decode: (text) => (text === 'auto' ? text : asInteger(text)),
  },
  enforceIp: { name: 'enforce', ...flag },
  locked: { name: 'locked', ...flag },
  webhookUrl: { name: 'webhook', ...json(z.string().nullable()) },
  joinUrl: { name: 'join_url', ...orEmpty(json(z.string())), byDefault: null },
  group: { name: 'group', ...orNothing(json(group)), byDefault: null },
  generation: { name: 'generation', ...integer },
  hostIndex: {
    name: 'host',
    ...orEmpty({ encode: String, decode: (text) => known(parseMemberIndex(asInteger(text)), 'a member index') }),
    byDefault: null,
  },
  hostTerm: { name: 'term', ...integer },
};

const ENCODERS = encodersOf(FIELDS);

/** Every field's name in Redis, in the order in which `decodeFields` expects the texts. */
export const FIELD_NAMES: readonly string[] = Object.values(FIELDS).map(({ name }) => name);

const TIMES = ['created', 'expires'];
const TIMES_AT = FIELD_NAMES.indexOf('created');
if (FIELD_NAMES.slice(TIMES_AT, TIMES_AT + TIMES.length).join() !== TIMES.join())
  throw new Error('the times stay together');

/** A line for each of `FIELD_NAMES`, before and after the two times that the store sets at create. */
export function linesAroundTimes(encoded: readonly string[]): readonly [string, string] {
  const texts = new Map<string, string>();
  for (let at = 0; at < encoded.length; at += 2) texts.set(encoded[at] ?? '', encoded[at + 1] ?? '');
  const lines = FIELD_NAMES.map((name) => texts.get(name) ?? '');
  return [lines.slice(0, TIMES_AT).join('\n'), lines.slice(TIMES_AT + TIMES.length).join('\n')];
}

/** The names and texts of the given fields. */
export function encodeFields(given: Partial<StoredSession>): string[] {
  const encoded: string[] = [];
  for (const { name, encode } of ENCODERS) {
    const text = encode(given);
    if (text !== null) encoded.push(name, text);
  }
  return encoded;
}

/** Reads one text for each of `FIELD_NAMES`. Ignores further texts. */
export function decodeFields(texts: readonly string[]): StoredSession {
  return decodeFieldsBy(FIELDS, texts);
}
