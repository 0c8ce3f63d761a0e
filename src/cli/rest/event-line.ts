import { printable, time } from '../text.js';
import type { ShownEvent } from './answers.js';

/** An event for people: its time, type, session and what it says, on one line. */
export function eventLine({ created_at, type, session_id, data }: ShownEvent): string {
  const shown = [time(created_at), type.padEnd(22), session_id ?? '-', JSON.stringify(data)];
  return `${shown.map(printable).join('  ')}\n`;
}
