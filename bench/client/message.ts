/**
 * What a scenario's messages carry, little-endian: f64 when it was due (0: nobody times it), u32 the how manyeth
 * of its sender's messages of its class it is, from 1, u16 the sender's index, zeroes, and the number again as the
 * last four bytes: a payload that was cut, or mixed with another, shows.
 */
const NUMBER_AT = 8;
const SENDER_AT = 12;
const HEADER_BYTES = 14;
const TAIL_BYTES = 4;

export const MIN_MESSAGE_BYTES = HEADER_BYTES + TAIL_BYTES;

export interface Message {
  /** As `performance.now()` of this process: sender and receiver share its clock. */
  readonly dueMs: number;
  readonly number: number;
  readonly sender: number;
}

/** Writes a message of that size; the zeroes are there already. */
export function writeMessage(into: DataView, at: number, { dueMs, number, sender }: Message, bytes: number): void {
  into.setFloat64(at, dueMs, true);
  into.setUint32(at + NUMBER_AT, number, true);
  into.setUint16(at + SENDER_AT, sender, true);
  into.setUint32(at + bytes - TAIL_BYTES, number, true);
}

/** null when these cannot be the bytes of a message of that size. */
export function decodeMessage(payload: Uint8Array, bytes: number): Message | null {
  if (payload.length !== bytes) return null;
  const view = new DataView(payload.buffer, payload.byteOffset, bytes);
  const number = view.getUint32(NUMBER_AT, true);
  if (number === 0 || view.getUint32(bytes - TAIL_BYTES, true) !== number) return null;
  return { dueMs: view.getFloat64(0, true), number, sender: view.getUint16(SENDER_AT, true) };
}
