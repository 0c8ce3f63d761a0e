/** Reads a JWT's header before verification: only to choose who verifies it. */
import { scanJson } from './bounded-json.js';

const SHAPE = /^([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
/** More than our own headers contain, and small enough to be cheap. */
const HEADER_BOUNDS = { maxDepth: 4, maxValues: 32 };

/** The header's `alg`, unverified; null when the text does not have the form of a JWT. */
export function claimedAlgorithm(text: string): string | null {
  const [, header] = SHAPE.exec(text) ?? [];
  if (header === undefined) return null;
  const parsed = parseJwtHeader(header);
  const alg: unknown = typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'alg') : null;
  return typeof alg === 'string' ? alg : null;
}

/** Decodes a token header; null when it is not an object or is larger than our own headers. */
export function parseJwtHeader(encoded: string): unknown {
  const bytes = Buffer.from(encoded, 'base64url');
  if (scanJson(bytes, HEADER_BOUNDS).fault !== null) return null;
  const json = bytes.toString('utf8');
  // Relay pairs have the same form as a JWT, and an exception at each handshake is expensive.
  if (!json.trimStart().startsWith('{')) return null;
  try {
    const parsed: unknown = JSON.parse(json);
    return parsed;
  } catch {
    // A token whose header is not JSON is not a JWT.
    return null;
  }
}
