/**
 * The text form of an API key: `sp_<env>_<id>_<secret>_<check>`. The id finds the key's record, the secret proves it,
 * and the check catches typos before the store is asked. The env is for people and secret scanners only.
 */
import { randomBase62 } from '../lib/base62.js';
import { parseKeyId, type KeyId } from '../protocol/ids.js';
import type { Crypto } from '../ports/crypto.js';

export type KeyEnv = 'live' | 'dev';

export interface NewKey {
  readonly id: KeyId;
  /** The whole key, as its owner sends it. */
  readonly text: string;
  /** The stored digest of the secret. */
  readonly secretHash: string;
}

export interface PresentedKey {
  readonly id: KeyId;
  readonly secretHash: string;
}

const ID_LENGTH = 16;
/** 43 letters of base62 carry 256 bits. */
const SECRET_LENGTH = 43;
const CHECK_LENGTH = 6;
const KEY = /^(sp_(?:live|dev)_([0-9A-Za-z]{16})_([0-9A-Za-z]{43}))_([0-9A-Za-z]{6})$/;

export function newKey(crypto: Crypto, env: KeyEnv): NewKey {
  const idLetters = randomBase62(crypto, ID_LENGTH);
  const secret = randomBase62(crypto, SECRET_LENGTH);
  const id = parseKeyId(`key_${idLetters}`);
  if (id === null) throw new Error('a random source without base62 letters');
  const text = `sp_${env}_${idLetters}_${secret}`;
  return { id, text: `${text}_${checkOf(crypto, text)}`, secretHash: crypto.sha256(secret) };
}

/** null unless the text has the form of a key and its check is right. */
export function parseKey(crypto: Crypto, text: string): PresentedKey | null {
  const [, checked = '', idLetters = '', secret = '', check = ''] = KEY.exec(text) ?? [];
  const id = parseKeyId(`key_${idLetters}`);
  if (id === null || !crypto.sameSecret(check, checkOf(crypto, checked))) return null;
  return { id, secretHash: crypto.sha256(secret) };
}

/** The first letters and digits of the digest: one in 62^6 typos passes. */
function checkOf(crypto: Crypto, text: string): string {
  return crypto.sha256(text).replaceAll(/[-_]/g, '').slice(0, CHECK_LENGTH).padEnd(CHECK_LENGTH, '0');
}
