/**
 * A batch of reliable entries as a durable log keeps it. After one byte for the format, each entry has, little-endian:
 * its sender, its number of targets plus one (0: everybody), the length of its payload; then the targets and the
 * payload. The entries have consecutive numbers, which the log keeps beside the batch.
 *
 * Format 2 has, before the entries, the length of a JSON text and the text: for whom the entries were that had fallen
 * out of the replay window by then.
 */
import { lostEntries, type LostView } from './lost-entries.js';

export interface LoggedEntry {
  readonly sender: number;
  /** null: everybody. */
  readonly targets: Uint16Array | null;
  readonly payload: Uint8Array;
}

const FORMAT = 1;
const FORMAT_WITH_LOST = 2;
/** Where the text of format 2 begins. */
const LOST_AT = 3;
const TARGETS_AT = 2;
const LENGTH_AT = 4;
const HEAD_BYTES = 8;

export function loggedBytes({ targets, payload }: LoggedEntry): number {
  return HEAD_BYTES + 2 * (targets?.length ?? 0) + payload.length;
}

/** `lost`: null when nothing had fallen out of the window. */
export function encodeLogBatch(entries: readonly LoggedEntry[], lost: LostView | null = null): Uint8Array {
  const head = lost === null ? Uint8Array.of(FORMAT) : encodeLost(lost);
  const bytes = new Uint8Array(head.length + entries.reduce((sum, entry) => sum + loggedBytes(entry), 0));
  const view = new DataView(bytes.buffer);
  bytes.set(head);
  let at = head.length;
  for (const { sender, targets, payload } of entries) {
    view.setUint16(at, sender, true);
    view.setUint16(at + TARGETS_AT, targets === null ? 0 : targets.length + 1, true);
    view.setUint32(at + LENGTH_AT, payload.length, true);
    at += HEAD_BYTES;
    for (const target of targets ?? []) {
      view.setUint16(at, target, true);
      at += 2;
    }
    bytes.set(payload, at);
    at += payload.length;
  }
  return bytes;
}

/** The payloads are views on `bytes`. Throws a RangeError when these are no batch of this format. */
export function decodeLogBatch(bytes: Uint8Array): readonly LoggedEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: LoggedEntry[] = [];
  let at = headEnd(view);
  while (at < bytes.length) {
    const sender = view.getUint16(at, true);
    const count = view.getUint16(at + TARGETS_AT, true) - 1;
    const length = view.getUint32(at + LENGTH_AT, true);
    const targetsAt = at + HEAD_BYTES;
    const targets =
      count < 0 ? null : Uint16Array.from({ length: count }, (_, n) => view.getUint16(targetsAt + 2 * n, true));
    const payloadAt = targetsAt + 2 * Math.max(0, count);
    at = payloadAt + length;
    if (at > bytes.length) throw new RangeError('the batch of a durable log is cut off');
    entries.push({ sender, targets, payload: bytes.subarray(payloadAt, at) });
  }
  return entries;
}

/** For whom the entries were that had fallen out of the window when the batch was made; null: none had. */
export function lostBefore(bytes: Uint8Array): LostView | null {
  if (bytes[0] !== FORMAT_WITH_LOST) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const value: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(LOST_AT, headEnd(view))));
  if (!lostEntries.is(value)) throw new RangeError('the batch of a durable log has another format');
  return value;
}

function encodeLost(lost: LostView): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(lost));
  const head = new Uint8Array(LOST_AT + text.length);
  head[0] = FORMAT_WITH_LOST;
  new DataView(head.buffer).setUint16(1, text.length, true);
  head.set(text, LOST_AT);
  return head;
}

/** Where the entries begin. */
function headEnd(view: DataView): number {
  const format = view.byteLength === 0 ? 0 : view.getUint8(0);
  if (format === FORMAT) return 1;
  if (format !== FORMAT_WITH_LOST) throw new RangeError('the batch of a durable log has another format');
  const end = LOST_AT + view.getUint16(1, true);
  if (end > view.byteLength) throw new RangeError('the batch of a durable log is cut off');
  return end;
}
