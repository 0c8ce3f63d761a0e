/** Randomness and digests. Both are cheap and synchronous. */
export interface Crypto {
  /** Cryptographically strong bytes. */
  randomBytes(count: number): Uint8Array;
  /** SHA-256 of the text's UTF-8 bytes, as base64url without padding. */
  sha256(text: string): string;
  /** Compares two digests made by `sha256`, in constant time. */
  sameDigest(a: string, b: string): boolean;
  /** Compares two strings in time that depends only on their lengths. */
  sameSecret(a: string, b: string): boolean;
}
