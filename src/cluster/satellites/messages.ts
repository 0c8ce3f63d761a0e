/**
 * The messages that a home and a satellite send each other over their link. `a` is the number that the home gave the
 * socket, except where the table says otherwise.
 *
 * | from the home | a | b | payload |
 * | --- | --- | --- | --- |
 * | sendText, sendBinary | socket | | the frame |
 * | publishText, publishBinary | topic | the socket that does not get it, or 0 | the frame |
 * | subscribe, unsubscribe | socket | topic | |
 * | ping | socket | | |
 * | close | socket | | name of the close code |
 *
 * | from the satellite | a | b | payload |
 * | --- | --- | --- | --- |
 * | open, abandon, closed, alive | socket | | |
 * | text, binary | socket | | the frame |
 * | report | socket | bytes that came for the socket alone, modulo 2^32 | u32: bytes that wait for its reader |
 */
import { isCloseName, type CloseName } from '../../protocol/close-codes.js';

export const FROM_HOME = {
  sendText: 1,
  sendBinary: 2,
  publishText: 3,
  publishBinary: 4,
  subscribe: 5,
  unsubscribe: 6,
  ping: 7,
  close: 8,
} as const;

export const FROM_SATELLITE = {
  open: 16,
  abandon: 17,
  text: 18,
  binary: 19,
  closed: 20,
  report: 21,
  alive: 22,
} as const;

/** Where no socket is meant. No socket has this number. */
export const NO_SOCKET = 0;
export const EMPTY = new Uint8Array(0);

const REPORT_BYTES = 4;
const decoder = new TextDecoder();

export function encodeBuffered(bytes: number): Uint8Array {
  const payload = new Uint8Array(REPORT_BYTES);
  new DataView(payload.buffer).setUint32(0, Math.min(bytes, 0xffffffff), true);
  return payload;
}

/** null: malformed. */
export function decodeBuffered(payload: Uint8Array): number | null {
  if (payload.length !== REPORT_BYTES) return null;
  return new DataView(payload.buffer, payload.byteOffset, REPORT_BYTES).getUint32(0, true);
}

export function decodeText(payload: Uint8Array): string {
  return decoder.decode(payload);
}

/** A newer node may name a close that this one does not know: then the client reconnects. */
export function decodeClose(payload: Uint8Array): CloseName {
  const name = decodeText(payload);
  return isCloseName(name) ? name : 'moved';
}
