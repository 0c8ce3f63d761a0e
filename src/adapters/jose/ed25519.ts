import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from 'node:crypto';

/** RFC 8410: the fixed PKCS #8 prefix of an Ed25519 private key, before the 32 bytes of seed. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Derives a key pair from the server secret (HKDF-SHA-256): every node with the secret gets the same pair without a
 * look-up. `purpose` separates the pairs of different uses.
 */
export function deriveEd25519(
  secret: string,
  purpose: string,
): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  const seed = Buffer.from(hkdfSync('sha256', secret, 'sallyport', purpose, 32));
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}
