/** How a server's frames hold messages, and how a client joins: this differs between the servers that are loaded. */
import type { ReadBuffer } from '../../client/frame-reader.js';
import { OPCODE } from '../../client/client-frame.js';
import { framed, isMessage, numberOf, senderOf, type OutgoingMessage } from '../../client/message.js';

export interface WireEvents {
  /** A client got its own entry back. */
  onEcho(): void;
  onDamaged(): void;
  onProblem(what: string): void;
}

/** The client that a wire reads for. */
export interface WireClient {
  /** Which member of its room it is. */
  readonly index: number;
  readonly events: WireEvents;
  /** It is in its room, as this member of it. With `token` it can resume. */
  onJoined(index: number, token?: string, isRecovered?: boolean): void;
  /** The message begins at `at` in the buffer. */
  onEntry(sender: number, number: number, at: number): void;
  /** Whole frames. */
  send(frames: Uint8Array): void;
}

export interface Wire {
  /** Called right after the upgrade. */
  begin(client: WireClient): void;
  outgoing(payload: Uint8Array): OutgoingMessage;
  /** One text or binary frame, which is in the buffer during the call. */
  read(opcode: number, buffer: ReadBuffer, from: number, to: number, client: WireClient): void;
}

/** A frame is a message, and a message is its payload. The path names the room; the client has joined when upgraded. */
export const bareWire: Wire = {
  begin: (client) => client.onJoined(client.index),
  outgoing: (payload) => framed(new Uint8Array(0), payload),
  read(opcode, buffer, from, to, client) {
    if (opcode === OPCODE.binary) readPayload(buffer.view, from, to, client);
    else onUnexpected(buffer, from, to, client);
  },
};

/** The bytes of the buffer from `from` to `to` are one payload. */
export function readPayload(view: DataView, from: number, to: number, client: WireClient): void {
  if (isMessage(view, from, to)) client.onEntry(senderOf(view, from), numberOf(view, from), from);
  else client.events.onDamaged();
}

export function onUnexpected(buffer: ReadBuffer, from: number, to: number, { events }: WireClient): void {
  events.onProblem(`an unexpected frame: ${buffer.bytes.toString('latin1', from, Math.min(to, from + 100))}`);
}
