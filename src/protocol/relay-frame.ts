/**
 * Client to server, op 0x01. One frame carries one message for the others in the session.
 * The server decodes, the SDK encodes. The decoder never throws, whatever the bytes.
 */
import {
  CLASS,
  CLASS_MASK,
  FLAG_AS_HOST,
  FLAG_REF,
  FLAG_TARGETED,
  isDeliveryClass,
  MAX_TARGETS,
  OP_RELAY,
  RESERVED_MASK,
  type DeliveryClass,
} from './wire.js';

export interface RelayFrame {
  readonly deliveryClass: DeliveryClass;
  /** Class latest only: which value of the sender this replaces. 0 on other classes. */
  readonly key: number;
  /** The answer, `ack` or `error`, repeats it; null when the sender wants no answer. */
  readonly ref: number | null;
  /** The term under which the sender claims to be host; null when it does not act as host. */
  readonly term: number | null;
  /** The members that get the message; null for all others in the session. */
  readonly targets: Uint16Array | null;
  /** A view of the decoder's input: copy it before the input is reused. */
  readonly payload: Uint8Array;
}

/** Why bytes are not a relay frame: codes of the error catalogue. */
export type RelayFrameFault = 'unknown_op' | 'reserved_flags' | 'unknown_class' | 'truncated_frame';

export interface RelayFrameRefusal {
  readonly fault: RelayFrameFault;
}

/**
 * Decodes one frame. The payload may have any length: the relay checks its limit.
 * A targets list of zero members is legal and reaches nobody.
 */
export function decodeRelayFrame(bytes: Uint8Array): RelayFrame | RelayFrameRefusal {
  if (bytes.length === 0) return { fault: 'truncated_frame' };
  if (bytes[0] !== OP_RELAY) return { fault: 'unknown_op' };
  if (bytes.length < 2) return { fault: 'truncated_frame' };
  const flags = bytes[1] ?? 0;
  if ((flags & RESERVED_MASK) !== 0) return { fault: 'reserved_flags' };
  const deliveryClass = flags & CLASS_MASK;
  if (!isDeliveryClass(deliveryClass)) return { fault: 'unknown_class' };
  let need = 2;
  if (deliveryClass === CLASS.latest) need += 2;
  if ((flags & FLAG_REF) !== 0) need += 4;
  if ((flags & FLAG_AS_HOST) !== 0) need += 4;
  if ((flags & FLAG_TARGETED) !== 0) need += 1;
  if (bytes.length < need) return { fault: 'truncated_frame' };

  let at = 2;
  let key = 0;
  if (deliveryClass === CLASS.latest) {
    key = readU16(bytes, at);
    at += 2;
  }
  let ref: number | null = null;
  if ((flags & FLAG_REF) !== 0) {
    ref = readU32(bytes, at);
    at += 4;
  }
  let term: number | null = null;
  if ((flags & FLAG_AS_HOST) !== 0) {
    term = readU32(bytes, at);
    at += 4;
  }
  let targets: Uint16Array | null = null;
  if ((flags & FLAG_TARGETED) !== 0) {
    const count = bytes[at] ?? 0;
    at += 1;
    if (bytes.length < at + 2 * count) return { fault: 'truncated_frame' };
    targets = new Uint16Array(count);
    for (let i = 0; i < count; i += 1, at += 2) targets[i] = readU16(bytes, at);
  }
  return { deliveryClass, key, ref, term, targets, payload: bytes.subarray(at) };
}

/** The ref of a frame that is refused before it is decoded; null when it has none or is no relay frame. */
export function refOf(bytes: Uint8Array): number | null {
  const flags = bytes[1] ?? 0;
  if (bytes[0] !== OP_RELAY || (flags & FLAG_REF) === 0) return null;
  const at = (flags & CLASS_MASK) === CLASS.latest ? 4 : 2;
  return bytes.length < at + 4 ? null : readU32(bytes, at);
}

export interface RelayFrameFields {
  readonly deliveryClass: DeliveryClass;
  readonly key?: number;
  readonly ref?: number;
  readonly term?: number;
  readonly targets?: readonly number[];
  readonly payload: Uint8Array;
}

/** Encodes one frame. Throws a RangeError for more than 255 targets, which is a bug of the caller. */
export function encodeRelayFrame(fields: RelayFrameFields): Uint8Array<ArrayBuffer> {
  const { deliveryClass, ref, term, targets, payload } = fields;
  if (targets !== undefined && targets.length > MAX_TARGETS) throw new RangeError('a frame names at most 255 targets');
  const header =
    2 +
    (deliveryClass === CLASS.latest ? 2 : 0) +
    (ref === undefined ? 0 : 4) +
    (term === undefined ? 0 : 4) +
    (targets === undefined ? 0 : 1 + 2 * targets.length);
  const bytes = new Uint8Array(header + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, OP_RELAY);
  view.setUint8(
    1,
    deliveryClass |
      (targets === undefined ? 0 : FLAG_TARGETED) |
      (ref === undefined ? 0 : FLAG_REF) |
      (term === undefined ? 0 : FLAG_AS_HOST),
  );
  let at = 2;
  if (deliveryClass === CLASS.latest) {
    view.setUint16(at, fields.key ?? 0, true);
    at += 2;
  }
  if (ref !== undefined) {
    view.setUint32(at, ref, true);
    at += 4;
  }
  if (term !== undefined) {
    view.setUint32(at, term, true);
    at += 4;
  }
  if (targets !== undefined) {
    view.setUint8(at, targets.length);
    at += 1;
    for (const target of targets) {
      view.setUint16(at, target, true);
      at += 2;
    }
  }
  bytes.set(payload, at);
  return bytes;
}

function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}

function readU32(bytes: Uint8Array, at: number): number {
  return (readU16(bytes, at) | (readU16(bytes, at + 2) << 16)) >>> 0;
}
