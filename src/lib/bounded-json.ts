/**
 * Bounds on JSON from outside, checked on its bytes before anything is built from it. This limits the depth and size
 * that later code must handle.
 */

export interface JsonBounds {
  /** Levels of arrays and objects, including the outermost. */
  readonly maxDepth: number;
  /** Members of all objects plus elements of all arrays. */
  readonly maxValues: number;
  /** Arrays plus objects, which cost more to build than other values; unlimited when absent. */
  readonly maxContainers?: number;
  /** Members of one object, including repeated ones; unlimited when absent. */
  readonly maxMembers?: number;
}

/** Lower than the limits of Redis' Lua and of recursive functions. */
export const MAX_JSON_DEPTH = 64;

export type JsonFault = 'too_deep' | 'too_many_values' | 'too_many_members';

/** The bytes from `from` up to but not including `to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface JsonScan {
  /** The first bound that the text exceeds; null when it stays within all of them. */
  readonly fault: JsonFault | null;
  /**
   * The location of the named member's value in the outermost object. Of repeated members the last counts, as in
   * `JSON.parse`.
   */
  readonly member: Span | null;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const BLANK = 0x20;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Scans the bytes once, without recursion and without memory per value, and stops at the first excess. Never throws.
 * Does not check that the text is JSON; for text that is not JSON the result means nothing.
 */
export function scanJson(bytes: Uint8Array, bounds: JsonBounds, memberName?: string): JsonScan {
  const { maxDepth, maxValues, maxMembers, maxContainers = Number.MAX_SAFE_INTEGER } = bounds;
  // For each depth: the member count of the object open there.
  const members = maxMembers === undefined ? null : new Uint32Array(maxDepth + 1);
  const named = memberName === undefined ? null : new NamedMember(bytes, memberName);
  let depth = 0;
  let values = 0;
  let containers = 0;
  let isJustOpened = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte <= BLANK) continue;
    // A container that is not closed at once has a first value.
    if (isJustOpened && byte !== CLOSE_LIST && byte !== CLOSE_OBJECT) values += 1;
    isJustOpened = false;
    switch (byte) {
      case QUOTE: {
        const from = at;
        at = endOfString(bytes, from);
        if (depth === 1) named?.onString(from, at);
        break;
      }
      case OPEN_LIST:
      case OPEN_OBJECT:
        depth += 1;
        containers += 1;
        isJustOpened = true;
        if (depth > maxDepth) return { fault: 'too_deep', member: null };
        if (members !== null) members[depth] = 0;
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        depth -= 1;
        if (depth === 0) named?.onEnd(at);
        break;
      case COMMA:
        values += 1;
        if (depth === 1) named?.onEnd(at);
        break;
      case COLON:
        if (depth === 1) named?.onColon(at);
        if (members === null || maxMembers === undefined) break;
        members[depth] = (members[depth] ?? 0) + 1;
        if ((members[depth] ?? 0) > maxMembers) return { fault: 'too_many_members', member: null };
        break;
      default:
    }
    if (values > maxValues || containers > maxContainers) return { fault: 'too_many_values', member: null };
  }
  return { fault: null, member: named?.found ?? null };
}

/** The index of the quote that ends the string starting at `from`; past the end when there is none. */
function endOfString(bytes: Uint8Array, from: number): number {
  let at = from + 1;
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === BACKSLASH) at += 1;
    else if (byte === QUOTE) break;
  }
  return at;
}

/** Tracks the members of the outermost object. */
class NamedMember {
  found: Span | null = null;
  private state: 'before_key' | 'after_key' | 'in_other' | 'in_named' = 'before_key';
  private isNamed = false;
  private from = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly name: string,
  ) {}

  onString(from: number, to: number): void {
    if (this.state !== 'before_key') return;
    this.state = 'after_key';
    this.isNamed = this.spells(from, to);
  }

  onColon(at: number): void {
    this.state = this.isNamed ? 'in_named' : 'in_other';
    this.from = at + 1;
  }

  onEnd(at: number): void {
    if (this.state === 'in_named') this.found = this.trimmed(this.from, at);
    this.state = 'before_key';
  }

  /** A key may contain escapes of up to six characters each. */
  private spells(from: number, to: number): boolean {
    const longest = 6 * this.name.length + 1;
    if (to - from > longest) return false;
    try {
      return JSON.parse(utf8.decode(this.bytes.subarray(from, to + 1))) === this.name;
    } catch {
      // This is not a JSON string, so the whole text is not JSON.
      return false;
    }
  }

  private trimmed(from: number, to: number): Span {
    let [first, last] = [from, to];
    while (first < last && (this.bytes[first] ?? 0) <= BLANK) first += 1;
    while (last > first && (this.bytes[last - 1] ?? 0) <= BLANK) last -= 1;
    return { from: first, to: last };
  }
}
