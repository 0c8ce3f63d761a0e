/** What the demo's frames carry: when, by whom and as which of its frames each was sent, and a pattern to the end. */
export const PAYLOAD_BYTES = 64;

export interface Stamp {
  /** As `performance.now()` of this process: sender and receiver share its clock. */
  readonly sentAtMs: number;
  /** Which frame of its sender, of all classes together, from 1. */
  readonly n: number;
  readonly sender: number;
}

const HEADER_BYTES = 14;

export function encodePayload({ sentAtMs, n, sender }: Stamp): Buffer {
  const payload = Buffer.alloc(PAYLOAD_BYTES);
  payload.writeDoubleLE(sentAtMs, 0);
  payload.writeUInt32LE(n, 8);
  payload.writeUInt16LE(sender, 12);
  for (let at = HEADER_BYTES; at < PAYLOAD_BYTES; at += 1) payload[at] = (n + at) & 0xff;
  return payload;
}

/** null when a byte of it is not as it was sent. */
export function decodePayload(bytes: Uint8Array): Stamp | null {
  if (bytes.length !== PAYLOAD_BYTES) return null;
  const payload = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stamp = { sentAtMs: payload.readDoubleLE(0), n: payload.readUInt32LE(8), sender: payload.readUInt16LE(12) };
  return encodePayload(stamp).equals(payload) ? stamp : null;
}
