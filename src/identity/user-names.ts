/**
 * The names that find a user, in the form that is stored and compared: NFKC, lower case, and E.164 for numbers. The
 * four forms do not overlap: only an e-mail address contains an `@`, only a number begins with `+`. So a user cannot
 * block another user's sign-in by choosing that user's address as a username.
 */
import type { UserName } from '../ports/directory-store.js';

const MAX_EMAIL_LENGTH = 254;
/** Letters and digits of any script; also `_`, and after the first character `.` and `-`. */
const USERNAME = /^[\p{L}\p{N}_][\p{L}\p{M}\p{N}_.-]{0,63}$/u;
const EMAIL = /^[^\s\p{C}@]+@[^\s\p{C}@.]+(\.[^\s\p{C}@.]+)*$/u;
const PHONE = /^\+[1-9][0-9]{6,14}$/;

/** Descriptions of the valid forms, for error messages. */
export const NAME_SHAPES: Readonly<Record<UserName, string>> = {
  username: '1 to 64 letters, digits, _, . or -, beginning with a letter, a digit or _',
  email: `an e-mail address of at most ${MAX_EMAIL_LENGTH} characters`,
  phone: 'a number with its country code, as in +49 30 901820',
  mobile: 'a number with its country code, as in +49 170 1234567',
};

/** null when the text is not a valid name. Folding is idempotent. */
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

/** Lower-casing can break NFKC; a second pass makes the fold idempotent. */
function foldCase(text: string): string {
  return text.normalize('NFKC').toLowerCase().normalize('NFKC');
}
