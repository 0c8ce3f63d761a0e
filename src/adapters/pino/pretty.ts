/** A log line for people: the time, the level, the event, and the fields as `name=value`. */

/** Fields that are at the start of the line, or in the lines below it. */
const PLACED: ReadonlySet<string> = new Set(['time', 'level', 'event', 'cause']);
/** The control characters that JSON leaves as they are, and what turns the direction of text: a terminal obeys them. */
const UNSAFE = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;
const PLAIN = /^[\w.:/@+-]+$/;
const RESET = '\u001b[0m';
const COLORS: Readonly<Record<string, string>> = {
  trace: '\u001b[2m',
  debug: '\u001b[2m',
  info: '\u001b[32m',
  warn: '\u001b[33m',
  error: '\u001b[31m',
  fatal: '\u001b[31m',
};

/** `line`: one JSON object, as the log writes it. The result ends with a line break. */
export function prettyLine(line: string, hasColor: boolean): string {
  const fields: unknown = JSON.parse(line);
  if (typeof fields !== 'object' || fields === null) return line;
  const { time, level, event, cause } = { time: '', level: '', event: '', cause: null, ...fields };
  const name = level.toUpperCase().padEnd(5);
  const color = hasColor ? (COLORS[level] ?? '') : '';
  const shown = color === '' ? name : `${color}${name}${RESET}`;
  const rest = Object.entries(fields).flatMap(([field, value]) =>
    PLACED.has(field) ? [] : [`${field}=${textOf(value)}`],
  );
  return `${[clockOf(time), shown, event, ...rest].join(' ')}\n${causeLines(cause)}`;
}

/** The time of the day in a date like 2026-11-27T18:27:11.226Z, in UTC as in JSON. */
function clockOf(time: string): string {
  return time.slice(11, 23);
}

function textOf(value: unknown): string {
  if (typeof value === 'string' && PLAIN.test(value)) return value;
  return JSON.stringify(value).replace(UNSAFE, escaped);
}

/** The stack of an error, and of what caused it, each line indented. */
function causeLines(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return '';
  const { stack, type, message, cause: deeper } = { stack: null, type: '', message: '', cause: null, ...cause };
  const text = typeof stack === 'string' ? stack : `${type}: ${message}`;
  const lines = text.split('\n').map((each) => `    ${safe(each.trim())}\n`);
  return `${lines.join('')}${causeLines(deeper)}`;
}

function safe(text: string): string {
  return text.replace(/[\u0000-\u001f]/g, escaped).replace(UNSAFE, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
