/**
 * The constants of relay frames in `sallyport.v1`: see docs/PROTOCOL.md for the layouts.
 * Everything is little-endian.
 */
export const SUBPROTOCOL = 'sallyport.v1';
export const PROTOCOL_VERSION = 1;

/** First byte of a client's relay frame. */
export const OP_RELAY = 0x01;
/** First byte of a server's batch frame. */
export const OP_BATCH = 0x02;

/** Delivery classes, as they stand in bits 0-1 of the flags. */
export const CLASS = { volatile: 0, latest: 1, reliable: 2 } as const;
export type DeliveryClassName = keyof typeof CLASS;
export type DeliveryClass = (typeof CLASS)[DeliveryClassName];

/** Whether two bits name a delivery class; 3 names none. */
export function isDeliveryClass(bits: number): bits is DeliveryClass {
  return bits === CLASS.volatile || bits === CLASS.latest || bits === CLASS.reliable;
}

export const CLASS_MASK = 0b0000_0011;
/** Client to server: a list of targets follows. Server to client: the entry was targeted at the receiver. */
export const FLAG_TARGETED = 0b0000_0100;
export const FLAG_REF = 0b0000_1000;
export const FLAG_AS_HOST = 0b0001_0000;
export const RESERVED_MASK = 0b1110_0000;

/** The most targets one frame can name. */
export const MAX_TARGETS = 255;
/** The longest header of a relay frame: op, flags, key, ref, term, count and targets. */
export const MAX_RELAY_HEADER_BYTES = 1 + 1 + 2 + 4 + 4 + 1 + 2 * MAX_TARGETS;
/** The longest presence state as its member sends it: UTF-8 JSON text, including white space and escapes. */
export const MAX_STATE_BYTES = 2048;
