/**
 * A batch of reliable entries as a durable log keeps it. After one byte for the format, each entry has, little-endian:
 * its sender, its number of targets plus one (0: everybody), the length of its payload; then the targets and the
 * payload. The entries have consecutive numbers, which the log keeps beside the batch.
 */
export interface LoggedEntry {
  readonly sender: number;
  /** null: everybody. */
  readonly targets: Uint16Array | null;
  readonly payload: Uint8Array;
}

const FORMAT = 1;
const TARGETS_AT = 2;
const LENGTH_AT = 4;
const HEAD_BYTES = 8;

export function loggedBytes({ targets, payload }: LoggedEntry): number {
  return HEAD_BYTES + 2 * (targets?.length ?? 0) + payload.length;
}

export function encodeLogBatch(entries: readonly LoggedEntry[]): Uint8Array {
  const bytes = new Uint8Array(1 + entries.reduce((sum, entry) => sum + loggedBytes(entry), 0));
  const view = new DataView(bytes.buffer);
  bytes[0] = FORMAT;
  let at = 1;
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
  if (bytes[0] !== FORMAT) throw new RangeError('the batch of a durable log has another format');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: LoggedEntry[] = [];
  let at = 1;
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
