/** JWTs in compact form, read strictly: one token has one text. */
import { parseJwtHeader } from '../../lib/jwt.js';

/** Longer than any token of ours that comes back to us. */
const MAX_TOKEN_CHARS = 4096;
const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;

/**
 * The encoded header of a token that is written canonically; null for anything else. jose itself reads past white space,
 * padding and the unused bits behind a signature, so that one signed token would have many texts. It also reads the header
 * before it checks the signature: one that is larger than any of ours does not get there.
 */
export function headerOf(token: string): string | null {
  if (token.length > MAX_TOKEN_CHARS) return null;
  const [, header, payload, signature] = COMPACT.exec(token) ?? [];
  if (header === undefined || payload === undefined || signature === undefined) return null;
  return [header, payload, signature].every(isCanonical) && parseJwtHeader(header) !== null ? header : null;
}

export function encodeJson(value: unknown): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}

function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}
