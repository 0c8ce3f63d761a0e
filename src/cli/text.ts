/** Text for terminals. */

const GAP = '  ';
/** Control characters, and those that change the direction of text: other people's text could rewrite the screen with them. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** The text with every character that a terminal would obey written as an escape. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}

/** Rows of cells as lines with aligned columns. */
export function columns(rows: readonly (readonly string[])[]): string {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, at) => Math.max(0, ...rows.map((row) => row[at]?.length ?? 0)));
  return rows
    .map((row) => row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join(GAP))
    .join('\n');
}

/** A table with a head; its cells may be other people's text. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return `${columns([head, ...rows.map((row) => row.map((cell) => printable(cell === '' ? '-' : cell)))])}\n`;
}

/** Named values, one a line. */
export function facts(values: readonly (readonly [name: string, value: string])[]): string {
  return `${columns(values.map(([name, value]) => [`${name}:`, printable(value)]))}\n`;
}

/** A point in time in UTC, to the second. */
export function time(unixMs: number): string {
  return new Date(unixMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
