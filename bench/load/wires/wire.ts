/** How messages stand in a server's frames, and how a client gets in: what differs between the servers that are loaded. */
import type { ReadBuffer } from '../../client/frame-reader.js';
import { isMessage, numberOf, senderOf, type OutgoingMessage } from '../../client/message.js';

/** What a wire tells its client. */
export interface WireClient {
  /** Which member of its room it is. */
  readonly index: number;
  /** It is in its room, as this member of it. */
  onJoined(index: number): void;
  /** The message begins at `at` in the buffer. */
  onEntry(sender: number, number: number, at: number): void;
  onEcho(): void;
  onDamaged(): void;
  onProblem(what: string): void;
  /** Whole frames. */
  send(frames: Uint8Array): void;
}

export interface Wire {
  /** Called right behind the upgrade. */
  begin(client: WireClient): void;
  outgoing(payload: Uint8Array): OutgoingMessage;
  /** One text or binary frame, which stands in the buffer during the call. */
  read(opcode: number, buffer: ReadBuffer, from: number, to: number, client: WireClient): void;
}

/** The bytes of the buffer from `from` to `to` are one payload. */
export function readPayload(view: DataView, from: number, to: number, client: WireClient): void {
  if (isMessage(view, from, to)) client.onEntry(senderOf(view, from), numberOf(view, from), from);
  else client.onDamaged();
}

export function unexpected(buffer: ReadBuffer, from: number, to: number): string {
  return `an unexpected frame: ${buffer.bytes.toString('latin1', from, Math.min(to, from + 100))}`;
}
