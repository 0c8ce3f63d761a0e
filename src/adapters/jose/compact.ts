/** Strict parsing of compact JWTs: each token has exactly one text form. */
import { writeExactJson } from '../../lib/exact-json.js';
import { parseJwtHeader } from '../../lib/jwt.js';

/** Longer than any token of the gateway that clients send back. */
const MAX_TOKEN_CHARS = 4096;
const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;

/**
 * The encoded header of a token in canonical form; null otherwise. jose accepts white space, padding and unused bits
 * after the signature, so one signed token would have many text forms. It also parses the header before it verifies the
 * signature, so headers larger than the gateway's own are refused here.
 */
export function headerOf(token: string): string | null {
  if (token.length > MAX_TOKEN_CHARS) return null;
  const [, header, payload, signature] = COMPACT.exec(token) ?? [];
  if (header === undefined || payload === undefined || signature === undefined) return null;
  return [header, payload, signature].every(isCanonical) && parseJwtHeader(header) !== null ? header : null;
}

export function encodeJson(value: unknown): string {
  return Buffer.from(writeExactJson(value), 'utf8').toString('base64url');
}

function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}
