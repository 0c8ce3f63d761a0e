/** Randomness and digests. Both are cheap and synchronous. */
export interface Crypto {
  /** Cryptographically strong bytes. */
  randomBytes(count: number): Uint8Array;
  /** SHA-256 of the text's UTF-8 bytes, as base64url without padding. */
  sha256(text: string): string;
  /** Compares two of its digests, in time that says nothing about either. */
  sameDigest(a: string, b: string): boolean;
  /** Compares two strings in time that depends on their lengths alone. */
  sameSecret(a: string, b: string): boolean;
}
