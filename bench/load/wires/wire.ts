/** How messages stand in a server's frames, and how a client gets in: what differs between the servers that are loaded. */
import { clientFrame, OPCODE } from '../../client/client-frame.js';
import type { ReadBuffer } from '../../client/frame-reader.js';
import { MIN_PAYLOAD_BYTES, NUMBER_AT, SENDER_AT } from '../payload.js';

/** What a wire tells its client. */
export interface WireClient {
  /** Which member of its room it is. */
  readonly index: number;
  /** It is in its room, as this member of it. */
  onJoined(index: number): void;
  /** `payload` is where it begins in the buffer. */
  onEntry(sender: number, number: number, payload: number): void;
  onEcho(): void;
  onDamaged(): void;
  onProblem(what: string): void;
  /** Whole frames, as they go out. */
  write(frames: Uint8Array): void;
}

/** One message as it goes out: one frame or several. The payload stands in it unmasked, to be changed in place. */
export interface Outgoing {
  readonly bytes: Buffer;
  readonly payloadAt: number;
}

export interface Wire {
  /** Called right behind the upgrade. */
  begin(client: WireClient): void;
  outgoing(payload: Uint8Array): Outgoing;
  /** One text or binary frame, which stands in the buffer during the call. */
  read(opcode: number, buffer: ReadBuffer, from: number, to: number, client: WireClient): void;
}

/** One binary frame that ends with the payload. */
export function framed(head: Uint8Array, payload: Uint8Array): Outgoing {
  const bytes = clientFrame(OPCODE.binary, Buffer.concat([head, payload]));
  return { bytes, payloadAt: bytes.length - payload.length };
}

/** The bytes of the buffer from `from` to `to` are one payload. */
export function readPayload(view: DataView, from: number, to: number, client: WireClient): void {
  if (to - from < MIN_PAYLOAD_BYTES) client.onDamaged();
  else client.onEntry(view.getUint16(from + SENDER_AT, true), view.getUint32(from + NUMBER_AT, true), from);
}

export function unexpected(buffer: ReadBuffer, from: number, to: number): string {
  return `an unexpected frame: ${buffer.bytes.toString('latin1', from, Math.min(to, from + 100))}`;
}
