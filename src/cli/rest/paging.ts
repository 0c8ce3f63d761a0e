/** The flags of lists, and the hint that more follows. */
import type { Flag } from '../flag.js';

export function limitFlag(max: number): Flag {
  return { name: 'limit', value: 'N', about: `How many to list, up to ${max}.` };
}

export const CURSOR_FLAG: Flag = {
  name: 'cursor',
  value: 'CURSOR',
  about: 'Continue after the list that named this cursor.',
};

export function noteMore(note: (text: string) => void, nextCursor: string | null): void {
  if (nextCursor !== null) note(`More follow: --cursor ${nextCursor}\n`);
}
