/** The size of a value as JSON, without writing it. */

/**
 * Whether the value takes at most so many bytes as `JSON.stringify` writes it. It stops at the first excess, so a value
 * of any size costs what one of `maxBytes` does; it does not recurse. The value must be JSON.
 */
export function fitsAsJson(value: unknown, maxBytes: number): boolean {
  let left = maxBytes;
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next === 'string') left -= textBytes(next, left);
    else if (Array.isArray(next)) left -= pushElements(waiting, next, left);
    else if (typeof next === 'object' && next !== null) left -= pushMembers(waiting, next, left);
    else left -= String(next).length;
    if (left < 0) return false;
  }
  return true;
}

/** Brackets and commas; nothing waits when these alone are too many. */
function pushElements(waiting: unknown[], list: readonly unknown[], left: number): number {
  const bytes = 2 + Math.max(0, list.length - 1);
  if (bytes <= left) for (const element of list) waiting.push(element);
  return bytes;
}

/** Braces, commas, keys and colons. */
function pushMembers(waiting: unknown[], members: object, left: number): number {
  let bytes = 1;
  for (const key of Object.keys(members)) {
    bytes += textBytes(key, left) + 2;
    if (bytes > left) return bytes;
    waiting.push(Reflect.get(members, key));
  }
  return Math.max(2, bytes);
}

function textBytes(text: string, left: number): number {
  return text.length + 2 > left ? text.length + 2 : Buffer.byteLength(JSON.stringify(text));
}
