/** The two ways in which messages stand in frames: a bare relay's, and Sallyport's. */
import { encodeRelayFrame } from '../../src/protocol/relay-frame.js';
import { CLASS, CLASS_MASK, OP_BATCH } from '../../src/protocol/wire.js';
import { NUMBER_AT, SENDER_AT, MIN_PAYLOAD_BYTES } from './payload.js';

export interface EntrySink {
  /** Which member of its room this receiver is. */
  readonly index: number;
  /** `payload` is where it begins in the buffer. */
  onEntry(sender: number, number: number, payload: number): void;
  onEcho(): void;
  onDamaged(): void;
}

export interface Wire {
  /** Whether the server says who one is before anything else; else the place in the room is it. */
  readonly hasWelcome: boolean;
  /** What a client sends: ends with the payload as it is. */
  message(payload: Uint8Array): Uint8Array;
  /** Gives the sink each entry of a binary frame. */
  read(view: DataView, from: number, to: number, sink: EntrySink): void;
}

/** A frame is a message, and a message is its payload. */
export const bareWire: Wire = {
  hasWelcome: false,
  message: (payload) => payload,
  read(view, from, to, sink) {
    if (to - from < MIN_PAYLOAD_BYTES) sink.onDamaged();
    else readPayload(view, from, view.getUint16(from + SENDER_AT, true), sink);
  },
};

/** A frame is a batch (docs/PROTOCOL.md). Decoded here without a copy: the codec makes an object of each entry. */
export const sallyportWire: Wire = {
  hasWelcome: true,
  message: (payload) => encodeRelayFrame({ deliveryClass: CLASS.volatile, payload }),
  read(view, from, to, sink) {
    if (to - from < 2 || view.getUint8(from) !== OP_BATCH) {
      sink.onDamaged();
      return;
    }
    let at = from + 1;
    while (at < to) {
      if (to - at < 4) break;
      const sender = view.getUint16(at, true);
      const deliveryClass = view.getUint8(at + 2) & CLASS_MASK;
      at += deliveryClass === CLASS.volatile ? 3 : deliveryClass === CLASS.latest ? 5 : 7;
      let length = 0;
      for (let shift = 0; at < to; shift += 7) {
        const byte = view.getUint8(at);
        at += 1;
        length |= (byte & 0x7f) << shift;
        if (byte < 0x80) break;
      }
      if (length < MIN_PAYLOAD_BYTES || length > to - at) break;
      if (sender === sink.index) sink.onEcho();
      else readPayload(view, at, sender, sink);
      at += length;
    }
    if (at !== to) sink.onDamaged();
  },
};

/** The payload names its sender too: both must say the same. */
function readPayload(view: DataView, at: number, sender: number, sink: EntrySink): void {
  if (view.getUint16(at + SENDER_AT, true) === sender) sink.onEntry(sender, view.getUint32(at + NUMBER_AT, true), at);
  else sink.onDamaged();
}
