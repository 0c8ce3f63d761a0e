/** Reads the answer to the question before a join. */
import { MAX_JSON_DEPTH, scanJson } from '../lib/bounded-json.js';
import { fitsAsJson } from '../lib/json-size.js';
import { isObject } from '../lib/shape.js';
import type { OutboundAnswer } from '../ports/outbound.js';

export const MAX_JOIN_ANSWER_BYTES = 8192;
const MAX_METADATA_BYTES = 4096;
/** The first 256 characters, without half of one. Nothing of an empty text. */
const SHORTENED = /^.{1,256}/u;

export type JoinAnswer =
  /** `metadata`: a JSON object as text; null when the answer has none. */
  | { readonly allow: true; readonly metadata: string | null }
  /** `reason`: for the client; null when the answer has none. */
  | { readonly allow: false; readonly reason: string | null };

/** null: the answer is none of the two. */
export function parseJoinAnswer({ status, body }: OutboundAnswer): JoinAnswer | null {
  if (status !== 200) return null;
  const value = parse(body);
  if (!isObject(value)) return null;
  const allow: unknown = Reflect.get(value, 'allow');
  if (allow === false) return { allow, reason: cleanReason(Reflect.get(value, 'reason')) };
  const metadata: unknown = Reflect.get(value, 'metadata') ?? null;
  if (allow !== true) return null;
  if (metadata === null) return { allow, metadata };
  const isFit = isObject(metadata) && !Array.isArray(metadata) && fitsAsJson(metadata, MAX_METADATA_BYTES);
  return isFit ? { allow, metadata: JSON.stringify(metadata) } : null;
}

function parse(body: string): unknown {
  if (scanJson(Buffer.from(body), { maxDepth: MAX_JSON_DEPTH, maxValues: MAX_JOIN_ANSWER_BYTES }).fault !== null) {
    return null;
  }
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

/** One line that a client can show: no control characters, nothing that turns the direction of text, and a bounded length. */
function cleanReason(reason: unknown): string | null {
  if (typeof reason !== 'string') return null;
  const line = reason
    .slice(0, MAX_JOIN_ANSWER_BYTES)
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim();
  return SHORTENED.exec(line)?.[0] ?? null;
}
