/**
 * What a load's messages carry, little-endian: f64 when it was due (0: this one is not timed), u32 the sender's how
 * manyeth message it is, from 1, u16 the sender's index in its room, then zeroes.
 */
export const DUE_AT = 0;
export const NUMBER_AT = 8;
export const SENDER_AT = 12;
export const MIN_PAYLOAD_BYTES = 14;

/** A payload with nothing but its sender; the rest is written for each message. */
export function payloadOf(sender: number, bytes: number): Buffer {
  const payload = Buffer.alloc(bytes);
  payload.writeUInt16LE(sender, SENDER_AT);
  return payload;
}
