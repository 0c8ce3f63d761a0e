/** What a JWT says of itself before anything of it was checked: good for choosing who checks it, and for nothing else. */
import { scanJson } from './bounded-json.js';

const SHAPE = /^([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
/** More than any header of ours has, and less than costs anything to read. */
const HEADER_BOUNDS = { maxDepth: 4, maxValues: 32 };

/** The `alg` of the header; null when the text is not shaped as a JWT. Unverified. */
export function claimedAlgorithm(text: string): string | null {
  const [, header] = SHAPE.exec(text) ?? [];
  if (header === undefined) return null;
  const parsed = parseJwtHeader(header);
  const alg: unknown = typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'alg') : null;
  return typeof alg === 'string' ? alg : null;
}

/** The header of a token as JSON, from its encoded form; null when it is no object, or a larger one than any of ours. */
export function parseJwtHeader(encoded: string): unknown {
  const bytes = Buffer.from(encoded, 'base64url');
  if (scanJson(bytes, HEADER_BOUNDS).fault !== null) return null;
  const json = bytes.toString('utf8');
  // Every relay pair has the shape, and an exception for each handshake is dear.
  if (!json.trimStart().startsWith('{')) return null;
  try {
    const parsed: unknown = JSON.parse(json);
    return parsed;
  } catch {
    // Not JSON: then it is no JWT.
    return null;
  }
}
