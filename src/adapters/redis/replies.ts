/** Parses replies of Redis: callers get only values whose type was checked. */
import { parseMemberIndex, parseSessionId, parseUserId, parseUserSessionId } from '../../protocol/ids.js';
import type { MemberIndex, SessionId, UserId, UserSessionId } from '../../protocol/ids.js';
import type { Host } from '../../ports/relay-session.js';

export function asList(reply: unknown): readonly unknown[] {
  if (Array.isArray(reply)) return reply;
  throw unexpected('a list');
}

export function asText(reply: unknown): string {
  if (typeof reply === 'string') return reply;
  if (typeof reply === 'number') return String(reply);
  throw unexpected('a text');
}

export function asBytes(reply: unknown): Uint8Array {
  if (reply instanceof Uint8Array) return reply;
  throw unexpected('bytes');
}

export function asInteger(reply: unknown): number {
  const number = typeof reply === 'string' && reply !== '' ? Number(reply) : reply;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  throw unexpected('an integer');
}

/** Parses a flat list of names and values, such as the reply to HGETALL. */
export function asPairs(reply: unknown): readonly (readonly [string, string])[] {
  const flat = asList(reply);
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at < flat.length; at += 2) pairs.push([asText(flat[at]), asText(flat[at + 1])]);
  return pairs;
}

export function asUserId(reply: unknown): UserId {
  return known(parseUserId(asText(reply)), 'a user id');
}

export function asSessionId(reply: unknown): SessionId {
  return known(parseSessionId(asText(reply)), 'a session id');
}

export function asIndex(reply: unknown): MemberIndex {
  return known(parseMemberIndex(asInteger(reply)), 'a member index');
}

/** '' is how scripts say null. */
export function asIndexOrNull(reply: unknown): MemberIndex | null {
  return reply === '' ? null : asIndex(reply);
}

/** '' is how scripts say null. */
export function asUserSessionIdOrNull(reply: unknown): UserSessionId | null {
  return reply === '' ? null : known(parseUserSessionId(asText(reply)), 'a user session id');
}

export function asHost(index: unknown, term: unknown): Host {
  return { index: asIndexOrNull(index), term: asInteger(term) };
}

export function known<T>(value: T | null, what: string): T {
  if (value === null) throw unexpected(what);
  return value;
}

/** The error for a reply of the wrong type. It leaves the reply out, which may contain tokens or addresses. */
export function unexpected(wanted: string): Error {
  return new TypeError(`Redis replied something else than ${wanted}`);
}
