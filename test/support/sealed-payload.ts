/** Payloads that show whether they arrived whole: four bytes of checksum, then what it is of. */
import { crc32 } from 'node:zlib';

const SEAL_BYTES = 4;

/** Its content differs from payload to payload, so that parts of two of them do not add up to one. */
export function sealedPayload(length: number, seed: number): Buffer {
  const payload = Buffer.alloc(length);
  for (let at = SEAL_BYTES; at < length; at += 1) payload[at] = (at * 31 + seed * 7) % 251;
  payload.writeUInt32LE(crc32(payload.subarray(SEAL_BYTES)), 0);
  return payload;
}

export function isWhole(payload: Uint8Array): boolean {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return bytes.length >= SEAL_BYTES && bytes.readUInt32LE(0) === crc32(bytes.subarray(SEAL_BYTES));
}
