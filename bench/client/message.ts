/**
 * Every message of the bench holds, little-endian: f64 the time when it was due (0: it is not timed); u32 its number
 * among its sender's messages of its class, from 1; u16 the sender's index in its room; zeroes; and the number again as
 * the last four bytes. So the bench notices a payload that was cut, or mixed with another.
 */
import { clientFrame, OPCODE } from './client-frame.js';

const DUE_AT = 0;
const NUMBER_AT = 8;
const SENDER_AT = 12;
const TAIL_BYTES = 4;

export const MIN_MESSAGE_BYTES = 18;

/** A payload with its sender alone. An `OutgoingMessage` writes the rest. */
export function payloadOf(sender: number, bytes: number): Buffer {
  const payload = Buffer.alloc(bytes);
  payload.writeUInt16LE(sender, SENDER_AT);
  return payload;
}

/** The frames of a message, made once. Each send changes number and time in place. */
export class OutgoingMessage {
  private readonly payloadEnd: number;

  /** `frames` hold the unmasked payload from `payloadAt` on. A `ref` at `refAt` is the number too. */
  constructor(
    readonly frames: Buffer,
    private readonly payloadAt: number,
    payloadBytes: number,
    private readonly refAt: number | null = null,
  ) {
    this.payloadEnd = payloadAt + payloadBytes;
  }

  write(dueMs: number, number: number): void {
    this.frames.writeDoubleLE(dueMs, this.payloadAt + DUE_AT);
    this.frames.writeUInt32LE(number, this.payloadAt + NUMBER_AT);
    this.frames.writeUInt32LE(number, this.payloadEnd - TAIL_BYTES);
    if (this.refAt !== null) this.frames.writeUInt32LE(number, this.refAt);
  }
}

/** One binary frame that ends with the payload. The head has its `ref` at `refOffset`. */
export function framed(head: Uint8Array, payload: Uint8Array, refOffset: number | null = null): OutgoingMessage {
  const frame = clientFrame(OPCODE.binary, Buffer.concat([head, payload]));
  const payloadAt = frame.length - payload.length;
  const refAt = refOffset === null ? null : payloadAt - head.length + refOffset;
  return new OutgoingMessage(frame, payloadAt, payload.length, refAt);
}

/** Whether the bytes from `from` to `to` can be a message. */
export function isMessage(view: DataView, from: number, to: number): boolean {
  return to - from >= MIN_MESSAGE_BYTES && numberOf(view, from) === view.getUint32(to - TAIL_BYTES, true);
}

/** Reads from a message that begins at `at`, as the next two do. */
export function numberOf(view: DataView, at: number): number {
  return view.getUint32(at + NUMBER_AT, true);
}

export function senderOf(view: DataView, at: number): number {
  return view.getUint16(at + SENDER_AT, true);
}

/** As `performance.now()` of this process: sender and receiver share its clock. */
export function dueMsOf(view: DataView, at: number): number {
  return view.getFloat64(at + DUE_AT, true);
}
