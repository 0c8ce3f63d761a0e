/** Passwords as RFC 8265 compares them (OpaqueString), so that keyboards that compose letters differently agree. */

const SPACES = /\p{Zs}/gu;
/** Controls, halves of a surrogate pair, and code points that are no characters. */
const REFUSED = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;

/**
 * The text with every space as an ASCII space, in Unicode's form NFC. null for an empty text and for one with a control
 * character, which no keyboard types. Preparing twice changes nothing.
 */
export function prepareOpaque(text: string): string | null {
  return text === '' || REFUSED.test(text) ? null : text.replace(SPACES, ' ').normalize('NFC');
}
