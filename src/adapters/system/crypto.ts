import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Crypto } from '../../ports/crypto.js';

/** Bytes requested per OpenSSL call: a call takes microseconds, for 24 bytes as for 4,096. */
const POOL_BYTES = 4096;

/** Node's own cryptography. */
export function systemCrypto(): Crypto {
  const pool = new RandomPool();
  return {
    randomBytes: (count) => pool.take(count),
    sha256: (text) => hash('sha256', text, 'base64url'),
    sameDigest: (a, b) => a.length === b.length && timingSafeEqual(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1')),
    // timingSafeEqual needs equal lengths; digests have them, and do not reveal where the texts differ.
    sameSecret: (a, b) => timingSafeEqual(digest(a), digest(b)),
  };
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

/** Pre-generated random bytes. Each byte is used once and erased after use. */
class RandomPool {
  private stock = Buffer.alloc(0);

  take(count: number): Uint8Array {
    if (count > POOL_BYTES) return randomBytes(count);
    if (this.stock.length < count) this.stock = randomBytes(POOL_BYTES);
    const taken = new Uint8Array(this.stock.subarray(0, count));
    this.stock.fill(0, 0, count);
    this.stock = this.stock.subarray(count);
    return taken;
  }
}
