/** Parses bytes as strict JSON: UTF-8 without a byte order mark, one value, within bounds on depth and number of values. */
import { MAX_JSON_DEPTH, scanJson, type JsonFault } from '../lib/bounded-json.js';
import { parseExactJson } from '../lib/exact-json.js';
import { Failure } from '../protocol/failure.js';

/**
 * A body may hold this many values, and one more for each 8 bytes. The calls with the most values take lists of texts, and
 * each text has more bytes. A denser body fits no call, and parsing it costs up to a hundred times as much per byte.
 */
const FREE_VALUES = 4096;
const BYTES_PER_VALUE = 8;

/**
 * More members than an object of any call has, even metadata of 4 KiB. Bounds the work of code that visits each member.
 */
const MAX_MEMBERS = 1024;

const FAULT_MESSAGES: Readonly<Record<JsonFault, string>> = {
  too_deep: `The JSON body is nested deeper than ${MAX_JSON_DEPTH} levels.`,
  too_many_values: 'The JSON body holds too many values for its size.',
  too_many_members: `An object of the JSON body has more than ${MAX_MEMBERS} members.`,
};

/** The members that hold a caller's own JSON: it is stored, and shown as it was sent. */
const KEPT_MEMBERS: ReadonlySet<string> = new Set([
  'metadata',
  'public_metadata',
  'private_metadata',
  'unsafe_metadata',
  'claims',
]);

/** Rejects with `malformed_json`, also for an empty body. */
export function parseJsonBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw new Failure('malformed_json', { message: 'This call needs a JSON body.' });
  const maxValues = FREE_VALUES + Math.floor(bytes.length / BYTES_PER_VALUE);
  const { fault } = scanJson(bytes, { maxDepth: MAX_JSON_DEPTH, maxValues, maxMembers: MAX_MEMBERS });
  if (fault !== null) throw new Failure('malformed_json', { message: FAULT_MESSAGES[fault] });
  const text = decodeText(bytes);
  try {
    return parseExactJson(text, KEPT_MEMBERS);
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
