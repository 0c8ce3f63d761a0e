/**
 * The names a user is found by, in the one form that is kept and compared: NFKC, lower case, and for numbers E.164.
 * The four forms do not overlap (only an e-mail address has an `@`, only a number begins with `+`), so that nobody
 * gets in the way of somebody else's sign-in by taking their address for a user name.
 */
import type { UserName } from '../ports/directory-store.js';

const MAX_EMAIL_LENGTH = 254;
/** Letters and digits of any script, and `_`, `.`, `-` behind the first. */
const USERNAME = /^[\p{L}\p{N}_][\p{L}\p{M}\p{N}_.-]{0,63}$/u;
const EMAIL = /^[^\s\p{C}@]+@[^\s\p{C}@.]+(\.[^\s\p{C}@.]+)*$/u;
const PHONE = /^\+[1-9][0-9]{6,14}$/;

/** What each name looks like, for whoever wrote another. */
export const NAME_SHAPES: Readonly<Record<UserName, string>> = {
  username: '1 to 64 letters, digits, _, . or -, beginning with a letter, a digit or _',
  email: `an e-mail address of at most ${MAX_EMAIL_LENGTH} characters`,
  phone: 'a number with its country code, as in +49 30 901820',
  mobile: 'a number with its country code, as in +49 170 1234567',
};

/** null for what is no such name. Folding what is folded changes nothing. */
export function foldUserName(name: UserName, text: string): string | null {
  switch (name) {
    case 'username': {
      const folded = foldCase(text);
      return USERNAME.test(folded) ? folded : null;
    }
    case 'email': {
      const folded = foldCase(text);
      return folded.length <= MAX_EMAIL_LENGTH && EMAIL.test(folded) ? folded : null;
    }
    case 'phone':
    case 'mobile': {
      const folded = text.normalize('NFKC').replaceAll(/[\s().-]/g, '');
      return PHONE.test(folded) ? folded : null;
    }
  }
}

/** Lower case can take a text out of NFKC: once more makes the fold idempotent. */
function foldCase(text: string): string {
  return text.normalize('NFKC').toLowerCase().normalize('NFKC');
}
