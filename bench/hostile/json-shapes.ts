/** Values as JSON text, each of a shape that some reader, walker or writer of JSON handled badly. */

export interface JsonShape {
  readonly name: string;
  /** A text of about so many bytes. */
  readonly text: (bytes: number) => string;
  /** Whether it is valid JSON. */
  readonly isJson: boolean;
}

/** All other shapes are compared with this one: as many bytes in one plain text. */
export const FLAT: JsonShape = shape('flat text', (bytes) => `"${'x'.repeat(bytes - 2)}"`);

export const HOSTILE_SHAPES: readonly JsonShape[] = [
  shape('deep lists', (bytes) => '['.repeat(bytes / 2) + ']'.repeat(bytes / 2)),
  shape('deep objects', (bytes) => '{"a":'.repeat(bytes / 6) + '0' + '}'.repeat(bytes / 6)),
  shape('lists as deep as they may be', (bytes) => listOf(bytes, () => '['.repeat(60) + ']'.repeat(60))),
  shape('wide list', (bytes) => listOf(bytes, () => '0')),
  shape('list of empty objects', (bytes) => listOf(bytes, () => '{}')),
  shape('list of empty texts', (bytes) => listOf(bytes, () => '""')),
  shape('many keys', (bytes) => objectOf(bytes, (n) => `"k${n.toString(36)}":0`)),
  shape('keys that are numbers', (bytes) => objectOf(bytes, (n) => `"${String(n * 7919)}":0`)),
  shape('one key, again and again', (bytes) => objectOf(bytes, () => '"k":0')),
  shape('__proto__, again and again', (bytes) => objectOf(bytes, () => '"__proto__":{"x":1}')),
  shape('number of many digits', (bytes) => '9'.repeat(bytes)),
  shape('fraction of many digits', (bytes) => `0.${'7'.repeat(bytes - 2)}`),
  shape('exponents', (bytes) => listOf(bytes, () => '1e308')),
  shape('long text', (bytes) => `"${'Ž'.repeat(bytes / 2 - 1)}"`),
  shape('escaped text', (bytes) => `"${'\\u0041'.repeat(bytes / 6)}"`),
  shape('escaped quotes', (bytes) => `"${'\\"'.repeat(bytes / 2 - 1)}"`),
  shape('lone surrogates', (bytes) => `"${'\\ud800'.repeat(bytes / 6)}"`),
  shape('white space', (bytes) => `[${' '.repeat(bytes - 2)}]`),
  shape('brackets that never close', (bytes) => '['.repeat(bytes), false),
  shape('text that never ends', (bytes) => `"${'x'.repeat(bytes - 1)}`, false),
  shape('commas alone', (bytes) => ','.repeat(bytes), false),
];

function shape(name: string, text: JsonShape['text'], isJson = true): JsonShape {
  return { name, isJson, text: (bytes) => text(Math.max(16, bytes)) };
}

function listOf(bytes: number, element: (n: number) => string): string {
  return `[${upTo(bytes, element)}]`;
}

function objectOf(bytes: number, member: (n: number) => string): string {
  return `{${upTo(bytes, member)}}`;
}

function upTo(bytes: number, part: (n: number) => string): string {
  const parts: string[] = [];
  for (let n = 0, length = 2; ; n += 1) {
    const next = part(n);
    length += next.length + 1;
    if (length > bytes + 1 && n > 0) return parts.join(',');
    parts.push(next);
  }
}
