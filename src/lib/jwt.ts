/** What a JWT says of itself before anything of it was checked: good for choosing who checks it, and for nothing else. */

const SHAPE = /^([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** The `alg` of the header; null when the text is not shaped as a JWT. Unverified. */
export function claimedAlgorithm(text: string): string | null {
  const [, header] = SHAPE.exec(text) ?? [];
  if (header === undefined) return null;
  const json = Buffer.from(header, 'base64url').toString('utf8');
  // Every relay pair has the shape, and an exception for each handshake is dear.
  if (!json.trimStart().startsWith('{')) return null;
  try {
    const parsed: unknown = JSON.parse(json);
    const alg: unknown = typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'alg') : null;
    return typeof alg === 'string' ? alg : null;
  } catch {
    // Not JSON: then it is no JWT.
    return null;
  }
}
