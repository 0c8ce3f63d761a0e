/** Label values come from a fixed list: values that a peer chooses must not create time series. */
import { CLOSE_CODES } from '../../protocol/close-codes.js';
import { ERRORS } from '../../protocol/errors.js';

const OTHER = 'other';
const OUR_CLOSE_CODES: ReadonlySet<number> = new Set(Object.values(CLOSE_CODES));

/** A peer may close with any code from 1000 to 4999; unknown codes count as `other`. */
export function closeLabel(code: number): string {
  return OUR_CLOSE_CODES.has(code) || (code >= 1000 && code <= 1015) ? String(code) : OTHER;
}

export function refusalLabel(code: string): string {
  return Object.hasOwn(ERRORS, code) ? code : OTHER;
}
