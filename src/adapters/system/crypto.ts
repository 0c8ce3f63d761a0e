import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Crypto } from '../../ports/crypto.js';

/** Node's own cryptography. */
export function systemCrypto(): Crypto {
  return {
    randomBytes: (count) => randomBytes(count),
    sha256: (text) => createHash('sha256').update(text, 'utf8').digest('base64url'),
    // Digests are of one length, which timingSafeEqual insists on, and hide where the texts differ.
    sameSecret: (a, b) => timingSafeEqual(digest(a), digest(b)),
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
