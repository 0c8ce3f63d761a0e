import { z } from 'zod';
import { encodeRelayFrame } from '../../../src/protocol/relay-frame.js';
import { CLASS, CLASS_MASK, OP_BATCH, type DeliveryClass } from '../../../src/protocol/wire.js';
import { OPCODE } from '../../client/client-frame.js';
import { framed, isMessage, numberOf, senderOf } from '../../client/message.js';
import type { Wire, WireClient } from './wire.js';

const control = z.object({ type: z.string(), code: z.string().optional() });
const welcome = z.object({ type: z.literal('welcome'), you: z.object({ index: z.int() }) });
const TROUBLE: ReadonlySet<string> = new Set(['error', 'gap', 'goaway']);
/** Of class latest: each sender has one value. */
const KEY = 0;
const EMPTY = new Uint8Array(0);

/** A frame is a batch (docs/PROTOCOL.md). Decoded here without a copy: the codec makes an object of each entry. */
export function sallyportWire(deliveryClass: DeliveryClass = CLASS.volatile): Wire {
  return {
    begin() {
      // The server says welcome first.
    },
    outgoing: (payload) => {
      const key = deliveryClass === CLASS.latest ? { key: KEY } : {};
      return framed(encodeRelayFrame({ deliveryClass, ...key, payload: EMPTY }), payload);
    },
    read(opcode, buffer, from, to, client) {
      if (opcode === OPCODE.binary) readBatch(buffer.view, from, to, client);
      else onControl(buffer.bytes.toString('utf8', from, to), client);
    },
  };
}

function onControl(text: string, client: WireClient): void {
  const json: unknown = JSON.parse(text);
  const { type, code = '' } = control.parse(json);
  if (type === 'welcome') client.onJoined(welcome.parse(json).you.index);
  else if (TROUBLE.has(type)) client.onProblem(`${type} ${code}`.trim());
}

function readBatch(view: DataView, from: number, to: number, client: WireClient): void {
  if (to - from < 2 || view.getUint8(from) !== OP_BATCH) {
    client.onDamaged();
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
    if (sender === client.index) client.onEcho();
    else onEntry(view, at, at + length, sender, client);
    at += length;
  }
  if (at !== to) client.onDamaged();
}

/** The payload names its sender too: both must say the same. */
function onEntry(view: DataView, from: number, to: number, sender: number, client: WireClient): void {
  const isWhole = isMessage(view, from, to) && senderOf(view, from) === sender;
  if (isWhole) client.onEntry(sender, numberOf(view, from), from);
  else client.onDamaged();
}
