/** The JSON size of a value, computed without serializing it. */
import { keptNumberOf } from './exact-json.js';

/**
 * Whether `writeExactJson` would need at most `maxBytes` bytes for the value. Stops at the first excess, so the cost is
 * bounded by `maxBytes`; does not recurse. The value must be JSON.
 */
export function fitsAsJson(value: unknown, maxBytes: number): boolean {
  let left = maxBytes;
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next === 'string') left -= textBytes(next, left);
    else if (Array.isArray(next)) left -= pushElements(waiting, next, left);
    else if (typeof next === 'object' && next !== null) {
      left -= keptNumberOf(next)?.length ?? pushMembers(waiting, next, left);
    } else left -= String(next).length;
    if (left < 0) return false;
  }
  return true;
}

/** Counts brackets and commas; queues no elements if these alone exceed the limit. */
function pushElements(waiting: unknown[], list: readonly unknown[], left: number): number {
  const bytes = 2 + Math.max(0, list.length - 1);
  if (bytes <= left) for (const element of list) waiting.push(element);
  return bytes;
}

/** Counts braces, commas, keys and colons. */
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
