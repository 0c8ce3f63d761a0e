const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** The largest multiple of 62 that fits in a byte: bytes from here on would favour the first letters. */
const FAIR_BELOW = 248;

/** `length` base62 letters, all equally likely. */
export function randomBase62(source: { randomBytes(count: number): Uint8Array }, length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of source.randomBytes(length + 8)) {
      if (byte < FAIR_BELOW && text.length < length) text += ALPHABET.charAt(byte % 62);
    }
  }
  return text;
}
