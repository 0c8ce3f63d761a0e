/** Bytes to JSON, strictly: UTF-8 without a byte order mark, one value, and not deeper than anything downstream can walk. */
import { Failure } from '../protocol/failure.js';

/** Redis' Lua and recursive walkers have limits of their own; this one is below all of them. */
export const MAX_JSON_DEPTH = 64;

/** Rejects with `malformed_json`; for an empty body too. */
export function parseJsonBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw new Failure('malformed_json', { message: 'A JSON body is needed here.' });
  const text = decodeText(bytes);
  if (isTooDeep(text)) {
    throw new Failure('malformed_json', { message: `The JSON body is nested deeper than ${MAX_JSON_DEPTH} levels.` });
  }
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (error) {
    throw new Failure('malformed_json', { cause: error });
  }
}

function decodeText(bytes: Uint8Array): string {
  try {
    // `ignoreBOM` keeps the mark in the text, where JSON refuses it.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new Failure('malformed_json', { message: 'The body is not valid UTF-8.', cause: error });
  }
}

/** Counts brackets outside of strings; on text that is not JSON the answer does not matter. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (inString) {
      if (letter === '\\') at += 1;
      else if (letter === '"') inString = false;
    } else if (letter === '"') inString = true;
    else if (letter === '[' || letter === '{') {
      depth += 1;
      if (depth > MAX_JSON_DEPTH) return true;
    } else if (letter === ']' || letter === '}') depth -= 1;
  }
  return false;
}
