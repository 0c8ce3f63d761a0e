/**
 * UTF-8, also where the platform has no TextEncoder or TextDecoder: older React Native. They are looked up when used,
 * not at load.
 */
const LONE_SURROGATE = /[\ud800-\udfff]/gu;
const REPLACEMENT = '\ufffd';
/** One character, percent-encoded: as many bytes as its first byte says. Then any byte that begins no character. */
const CHARACTER = /%[0-7].|%[CD].(?:%[89AB].)|%E.(?:%[89AB].){2}|%F.(?:%[89AB].){3}|%../g;

export function encodeUtf8(text: string): Uint8Array {
  if ('TextEncoder' in globalThis) return new TextEncoder().encode(text);
  const encoded = encodeURIComponent(text.replace(LONE_SURROGATE, REPLACEMENT)).match(/%..|./g) ?? [];
  return Uint8Array.from(encoded, (each) => (each.length > 1 ? parseInt(each.slice(1), 16) : each.charCodeAt(0)));
}

/** Bytes that are not UTF-8 become U+FFFD; a byte order mark at the start is dropped. */
export function decodeUtf8(bytes: Uint8Array): string {
  if ('TextDecoder' in globalThis) return new TextDecoder().decode(bytes);
  const encoded = Array.from(bytes, (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
  return encoded.replace(CHARACTER, decodeCharacter).replace(/^\ufeff/, '');
}

function decodeCharacter(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return REPLACEMENT;
  }
}
