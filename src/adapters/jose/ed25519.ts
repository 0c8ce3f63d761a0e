import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from 'node:crypto';

/** RFC 8410: the fixed head of an Ed25519 private key in PKCS #8, before the 32 bytes of seed. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * A key pair derived from the server's secret (HKDF-SHA-256): every node that has the secret has the same one, without a
 * look-up. `purpose` keeps the pairs of two uses apart.
 */
export function deriveEd25519(
  secret: string,
  purpose: string,
): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  const seed = Buffer.from(hkdfSync('sha256', secret, 'sallyport', purpose, 32));
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}
