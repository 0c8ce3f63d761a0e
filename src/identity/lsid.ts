/**
 * The secret name of a login session: `lsid_<id>_<secret>`. The id finds the session and the secret proves it. The
 * store keeps only the secret's digest, so someone who reads the store can use no session.
 */
import { randomBase62 } from '../lib/base62.js';
import { parseUserSessionId, type UserSessionId } from '../protocol/ids.js';
import type { Crypto } from '../ports/crypto.js';

export interface PresentedLsid {
  readonly sessionId: UserSessionId;
  readonly secretHash: string;
}

/** 43 letters of base62 carry 256 bits. */
const SECRET_LETTERS = 43;
const SESSION_PREFIX = 'sess_';
const LSID = /^lsid_([0-9A-Za-z]{27})_([0-9A-Za-z]{43})$/;

export function newLsidSecret(crypto: Crypto): { readonly secret: string; readonly secretHash: string } {
  const secret = randomBase62(crypto, SECRET_LETTERS);
  return { secret, secretHash: crypto.sha256(secret) };
}

export function lsidOf(sessionId: UserSessionId, secret: string): string {
  return `lsid_${sessionId.slice(SESSION_PREFIX.length)}_${secret}`;
}

/** null unless the text has the form of an LSID. */
export function parseLsid(crypto: Pick<Crypto, 'sha256'>, text: string): PresentedLsid | null {
  const [, idLetters = '', secret = ''] = LSID.exec(text) ?? [];
  const sessionId = parseUserSessionId(`${SESSION_PREFIX}${idLetters}`);
  return sessionId === null ? null : { sessionId, secretHash: crypto.sha256(secret) };
}
