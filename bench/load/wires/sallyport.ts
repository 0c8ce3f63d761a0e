import { encodeRelayFrame } from '../../../src/protocol/relay-frame.js';
import { CLASS, CLASS_MASK, OP_BATCH, type DeliveryClass } from '../../../src/protocol/wire.js';
import { OPCODE } from '../../client/client-frame.js';
import { parseHeard } from '../../client/heard.js';
import { framed, isMessage, numberOf, senderOf } from '../../client/message.js';
import type { Wire, WireClient } from './wire.js';

/** Each sender has one value of class latest. */
const KEY = 0;
const EMPTY = new Uint8Array(0);

/** A frame is a batch (docs/PROTOCOL.md). It is read in place: the codec would make an object of each entry. */
export function sallyportWire(deliveryClass: DeliveryClass): Wire {
  return {
    // The server speaks first.
    begin: () => undefined,
    outgoing: (payload) => {
      const key = deliveryClass === CLASS.latest ? { key: KEY } : {};
      return framed(encodeRelayFrame({ deliveryClass, ...key, payload: EMPTY }), payload);
    },
    read(opcode, buffer, from, to, client) {
      if (opcode === OPCODE.binary) readBatch(buffer.view, from, to, client);
      else onControl(buffer.textOf(from, to), client);
    },
  };
}

function onControl(text: string, client: WireClient): void {
  const frame = parseHeard(text);
  if (frame?.type === 'welcome') client.onJoined(frame.you.index, frame.resume.token, frame.recovered);
  else if (frame?.type === 'error') client.events.onProblem(`error ${frame.code}`);
  else if (frame?.type === 'gap' || frame?.type === 'goaway') client.events.onProblem(frame.type);
}

function readBatch(view: DataView, from: number, to: number, client: WireClient): void {
  if (to - from < 2 || view.getUint8(from) !== OP_BATCH) {
    client.events.onDamaged();
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
    if (length > to - at) break;
    if (sender === client.index) client.events.onEcho();
    else onEntry(view, at, at + length, sender, client);
    at += length;
  }
  if (at !== to) client.events.onDamaged();
}

/** The payload names its sender too: both must agree. */
function onEntry(view: DataView, from: number, to: number, sender: number, client: WireClient): void {
  const isWhole = isMessage(view, from, to) && senderOf(view, from) === sender;
  if (isWhole) client.onEntry(sender, numberOf(view, from), from);
  else client.events.onDamaged();
}
