/**
 * Server to client, op 0x02: one or more entries in the session's order.
 * The server encodes entries one after the other into a buffer that it owns; the SDK decodes.
 */
import { CLASS, CLASS_MASK, FLAG_TARGETED, isDeliveryClass, OP_BATCH, type DeliveryClass } from './wire.js';

export interface Entry {
  /** The member that sent it, or BACKEND_INDEX. */
  readonly sender: number;
  readonly deliveryClass: DeliveryClass;
  readonly targeted: boolean;
  /** Class latest only; 0 otherwise. */
  readonly key: number;
  /** Class reliable only: the low 32 bits of the session's sequence; 0 otherwise. */
  readonly seq: number;
  readonly payload: Uint8Array;
}

/** Most bytes that an entry adds to its payload: sender, flags, key or seq, and the longest length prefix. */
export const MAX_ENTRY_HEADER_BYTES = 2 + 1 + 4 + 5;

/** How many bytes `writeEntry` will write. */
export function entryLength(deliveryClass: DeliveryClass, payloadLength: number): number {
  const extra = deliveryClass === CLASS.latest ? 2 : deliveryClass === CLASS.reliable ? 4 : 0;
  return 3 + extra + varintLength(payloadLength) + payloadLength;
}

/**
 * Writes one entry at `at` and returns the offset after it. The buffer must have room (`entryLength`).
 * Takes scalars, not an object: it runs once for every relayed message.
 */
export function writeEntry(
  into: Uint8Array,
  at: number,
  sender: number,
  deliveryClass: DeliveryClass,
  targeted: boolean,
  keyOrSeq: number,
  payload: Uint8Array,
): number {
  into[at] = sender & 0xff;
  into[at + 1] = sender >>> 8;
  into[at + 2] = deliveryClass | (targeted ? FLAG_TARGETED : 0);
  let next = at + 3;
  if (deliveryClass === CLASS.latest) {
    into[next] = keyOrSeq & 0xff;
    into[next + 1] = (keyOrSeq >>> 8) & 0xff;
    next += 2;
  } else if (deliveryClass === CLASS.reliable) {
    into[next] = keyOrSeq & 0xff;
    into[next + 1] = (keyOrSeq >>> 8) & 0xff;
    into[next + 2] = (keyOrSeq >>> 16) & 0xff;
    into[next + 3] = (keyOrSeq >>> 24) & 0xff;
    next += 4;
  }
  let rest = payload.length;
  while (rest > 0x7f) {
    into[next] = (rest & 0x7f) | 0x80;
    next += 1;
    rest >>>= 7;
  }
  into[next] = rest;
  next += 1;
  into.set(payload, next);
  return next + payload.length;
}

/** Encodes a whole batch: for tests, vectors and replies that are not on the hot path. */
export function encodeBatchFrame(entries: readonly Entry[]): Uint8Array {
  let length = 1;
  for (const entry of entries) length += entryLength(entry.deliveryClass, entry.payload.length);
  const bytes = new Uint8Array(length);
  bytes[0] = OP_BATCH;
  let at = 1;
  for (const e of entries) {
    const keyOrSeq = e.deliveryClass === CLASS.latest ? e.key : e.seq;
    at = writeEntry(bytes, at, e.sender, e.deliveryClass, e.targeted, keyOrSeq, e.payload);
  }
  return bytes;
}

/** Decodes a batch; null when the bytes are no batch frame. Payloads are views of `bytes`. */
export function decodeBatchFrame(bytes: Uint8Array): Entry[] | null {
  if (bytes.length < 1 || bytes[0] !== OP_BATCH) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Entry[] = [];
  let at = 1;
  while (at < bytes.length) {
    if (at + 3 > bytes.length) return null;
    const sender = view.getUint16(at, true);
    const flags = view.getUint8(at + 2);
    at += 3;
    const deliveryClass = flags & CLASS_MASK;
    if (!isDeliveryClass(deliveryClass) || (flags & ~(CLASS_MASK | FLAG_TARGETED)) !== 0) return null;
    let key = 0;
    let seq = 0;
    if (deliveryClass === CLASS.latest) {
      if (at + 2 > bytes.length) return null;
      key = view.getUint16(at, true);
      at += 2;
    } else if (deliveryClass === CLASS.reliable) {
      if (at + 4 > bytes.length) return null;
      seq = view.getUint32(at, true);
      at += 4;
    }
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= bytes.length || shift > 28) return null;
      const byte = view.getUint8(at);
      at += 1;
      length += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    if (at + length > bytes.length) return null;
    entries.push({
      sender,
      deliveryClass,
      targeted: (flags & FLAG_TARGETED) !== 0,
      key,
      seq,
      payload: bytes.subarray(at, at + length),
    });
    at += length;
  }
  return entries.length === 0 ? null : entries;
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest > 0x7f; rest >>>= 7) length += 1;
  return length;
}
