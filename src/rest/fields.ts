/** Schemas of single members that more than one call takes, on any surface. */
import { z } from 'zod';
import { canonicalAddress } from '../lib/address.js';
import { fitsAsJson } from '../lib/json-size.js';
import { prepareOpaque } from '../lib/opaque-string.js';
import {
  MAX_AUTHORIZATION_TOKEN,
  MAX_MEMBER_INDEX,
  parseAuthorizationToken,
  parseAuthorizationTokenText,
  parseDeviceId,
  parseDirectoryUserId,
  parseMemberIndex,
  parseOrganizationId,
  parseSessionId,
  parseUserId,
  parseUserSessionId,
} from '../protocol/ids.js';
import { SESSION_BOUNDS } from '../protocol/session-bounds.js';
import type { Json } from '../lib/json.js';

const MAX_METADATA_BYTES = 4096;
const MAX_URL_LENGTH = 2048;
const MAX_INT32 = 2 ** 31 - 1;

export const SESSION_ID_PATTERN = '^[0-9a-f]{12}-S$';

/** Parses a text with one of our parsers. The caller reads `problem` when the parser returns null. */
export function parsed<T>(parse: (text: string) => T | null, problem: string): z.ZodType<T> {
  return z.string().transform((text, context) => {
    const value = parse(text);
    if (value !== null) return value;
    context.addIssue(problem);
    return z.NEVER;
  });
}

/** A number in a query, from 1, in decimal digits. */
export function count(max: number): z.ZodType<number> {
  return parsed(
    (text) => (/^[1-9][0-9]{0,14}$/.test(text) && Number(text) <= max ? Number(text) : null),
    `1 to ${max}`,
  ).meta({
    type: 'integer',
    minimum: 1,
    maximum: max,
  });
}

export const sessionId = parsed(parseSessionId, 'not a session id').meta({
  description: 'A relay session: 12 lower-case hex digits and -S.',
});

export const userId = parsed(parseUserId, '1 to 128 visible ASCII characters');

export const directoryUserId = parsed(parseDirectoryUserId, 'not the id of a user of the directory').meta({
  description: 'A user of the directory: user_ and 27 letters or digits.',
});

export const organizationId = parsed(parseOrganizationId, 'not an organization id').meta({
  description: 'An organization: org_ and 27 letters or digits.',
});

export const userSessionId = parsed(parseUserSessionId, 'not a user session id').meta({
  description: 'A user session: sess_ and 27 letters or digits.',
});

export const deviceId = parsed(parseDeviceId, 'not a client id').meta({
  description: 'A client: client_ and 27 letters or digits.',
});

export const ipAddress = parsed(canonicalAddress, 'not an IPv4 or IPv6 address').meta({
  description: 'An IPv4 or IPv6 address.',
});

export const authorizationToken = z
  .union([z.int().min(1), z.string()], 'an integer, or one as a decimal string')
  .transform((value, context) => {
    const token = typeof value === 'number' ? parseAuthorizationToken(value) : parseAuthorizationTokenText(value);
    if (token !== null) return token;
    context.addIssue('not an authorization token');
    return z.NEVER;
  });

/** A time in an answer. */
export const unixMs = z.int().min(0).describe('Unix milliseconds.');
/** A number of things, of milliseconds or of seconds in an answer. */
export const quantity = z.int().min(0).max(MAX_INT32);
/** A member's number in an answer. */
export const shownIndex = z.int().min(0).max(MAX_MEMBER_INDEX);
/** A token in an answer. */
export const shownToken = z.int().min(1).max(MAX_AUTHORIZATION_TOKEN);

export const memberIndex = z
  .int()
  .min(0)
  .max(MAX_MEMBER_INDEX)
  .transform((value, context) => {
    const index = parseMemberIndex(value);
    if (index !== null) return index;
    context.addIssue('not a member index');
    return z.NEVER;
  });

export const webhookUrl = z
  .string()
  .max(MAX_URL_LENGTH)
  .refine(isHttpUrl, 'an http or https URL')
  .meta({ description: 'The target of webhooks: an http or https URL without user and password.' });

export const joinUrl = z.string().max(MAX_URL_LENGTH).refine(isHttpUrl, 'an http or https URL').meta({
  description:
    'Asked before a user joins, whether they may: an http or https URL without user and password (docs/WEBHOOKS.md).',
});

/** A password to be set. Its length counts as the password is stored. */
export function newPassword(min: number, max: number): z.ZodString {
  return z
    .string()
    .min(min)
    .max(max)
    .superRefine((text, context) => {
      const prepared = text === '' ? '' : prepareOpaque(text);
      if (prepared === null) context.addIssue('control characters and halves of characters are not allowed');
      else if (prepared.length < min) context.addIssue(`${min} characters at least`);
    });
}

/** Any JSON object, kept as it came. */
export const metadata = z
  .custom<Readonly<Record<string, Json>>>(isPlainObject, 'a JSON object')
  .refine((value) => fitsAsJson(value, MAX_METADATA_BYTES), `${MAX_METADATA_BYTES} bytes of JSON at most`)
  .meta({ type: 'object', description: `A JSON object of at most ${MAX_METADATA_BYTES} bytes.` });

export const maxUsers = within(SESSION_BOUNDS.maxUsers);
export const expiresInS = within(SESSION_BOUNDS.ttlS);
export const resumeWindowMs = within(SESSION_BOUNDS.resumeWindowMs);
export const flushMs = z.union([within(SESSION_BOUNDS.flushMs), z.literal('auto')], "0 to 50, or 'auto'");

function within({ min, max }: { readonly min: number; readonly max: number }): z.ZodInt {
  return z.int().min(min).max(max);
}

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isHttpUrl(text: string): boolean {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  return url.username === '' && url.password === '';
}
