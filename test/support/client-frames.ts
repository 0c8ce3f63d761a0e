/** Client frames of every kind, and in short what each does: what its sender and the other member of the room get. */
import { encodeRelayFrame, type RelayFrameFields } from '../../src/protocol/relay-frame.js';
import { clientFrame, OPCODE, type ServerFrame } from './raw-peer.js';

/** Types of control frames, and names of the other frames. */
interface Effect {
  readonly sender: readonly string[];
  readonly other: readonly string[];
}

export interface FrameCase extends Effect {
  readonly name: string;
  /** On the wire. The sender is member 0, and host in term 1; the other is member 1. */
  readonly bytes: Buffer;
}

type RelayHead = Omit<RelayFrameFields, 'payload'>;

const RELAYED = { sender: [], other: ['batch'] };
const ACKED = { sender: ['ack'], other: ['batch'] };
const REFUSED = { sender: ['error'], other: [] };
const EVERY_FLAG = { ref: 0xfedcba98, term: 1, targets: [1, 0, 1] };

export const FRAME_CASES: readonly FrameCase[] = [
  text('a control frame', '{"type":"ping","t":7}', { sender: ['pong'], other: [] }),
  text('a state beyond ASCII', '{"type":"state","state":{"name":"Žofie 漢字 🚪"}}', {
    sender: [],
    other: ['member.state'],
  }),
  text('a control frame of an unknown type', '{"type":"from_the_future","x":[1,2]}', REFUSED),
  text('text that is no JSON', '{"type":', REFUSED),
  text('a leave', '{"type":"leave"}', { sender: ['close'], other: ['member.left', 'host'] }),
  relay('a volatile frame', { deliveryClass: 0 }, 12, RELAYED),
  relay('a volatile frame without payload', { deliveryClass: 0 }, 0, RELAYED),
  relay('a latest frame', { deliveryClass: 1, key: 0x1234 }, 12, RELAYED),
  relay('a reliable frame', { deliveryClass: 2 }, 12, RELAYED),
  relay('a volatile frame with every flag', { deliveryClass: 0, ...EVERY_FLAG }, 20, ACKED),
  relay('a latest frame with every flag', { deliveryClass: 1, key: 0xfffe, ...EVERY_FLAG }, 20, ACKED),
  relay('a reliable frame with every flag', { deliveryClass: 2, ...EVERY_FLAG }, 20, ACKED),
  relay('a frame of a stale host', { deliveryClass: 2, ref: 1, term: 2 }, 8, REFUSED),
  relay('a frame to somebody who is not there', { deliveryClass: 0, ref: 1, targets: [500] }, 8, REFUSED),
  whole('a frame of an unknown op', OPCODE.binary, Uint8Array.of(9, 0, 1, 2), REFUSED),
  relay('the longest frame with a 7-bit length', { deliveryClass: 2, ref: 3 }, 125 - 6, ACKED),
  relay('the shortest frame with a 16-bit length', { deliveryClass: 2, ref: 3 }, 126 - 6, ACKED),
  relay('a frame with a 16-bit length', { deliveryClass: 2, ref: 3 }, 16_384, ACKED),
  relay('a frame with a 64-bit length', { deliveryClass: 2, ref: 3 }, 66_000, ACKED),
  fragmented('a relay frame in fragments', OPCODE.binary, relayBytes({ deliveryClass: 2, ref: 4 }, 30), ACKED),
  fragmented(
    'a text in fragments that cut characters',
    OPCODE.text,
    Buffer.from('{"type":"state","state":"漢字漢字"}'),
    {
      sender: [],
      other: ['member.state'],
    },
  ),
  fragmented(
    'a ping between fragments',
    OPCODE.binary,
    relayBytes({ deliveryClass: 0, ref: 4 }, 30),
    { sender: ['pong frame', 'pong frame', 'ack'], other: ['batch'] },
    clientFrame(OPCODE.ping, Buffer.from('between')),
  ),
  whole('a ping', OPCODE.ping, Buffer.from('of the WebSocket layer'), { sender: ['pong frame'], other: [] }),
  whole('a close', OPCODE.close, Buffer.from('\x03\xe8bye', 'latin1'), { sender: ['close'], other: ['member.away'] }),
  {
    name: 'three frames behind one another',
    bytes: Buffer.concat([
      clientFrame(OPCODE.binary, relayBytes({ deliveryClass: 2, ref: 1 }, 5)),
      clientFrame(OPCODE.text, Buffer.from('{"type":"state","state":1}')),
      clientFrame(OPCODE.binary, relayBytes({ deliveryClass: 2, ref: 2, targets: [1, 0] }, 5)),
    ]),
    sender: ['ack', 'ack'],
    other: ['batch', 'member.state', 'batch'],
  },
];

/** The name of a server's frame in an effect. */
export function nameOf({ opcode, payload }: ServerFrame): string {
  switch (opcode) {
    case OPCODE.text:
      return (JSON.parse(payload.toString('utf8')) as { readonly type: string }).type;
    case OPCODE.binary:
      return 'batch';
    case OPCODE.close:
      return 'close';
    case OPCODE.pong:
      return 'pong frame';
    default:
      return `opcode ${String(opcode)}`;
  }
}

function text(name: string, json: string, effect: Effect): FrameCase {
  return whole(name, OPCODE.text, Buffer.from(json), effect);
}

function relay(name: string, head: RelayHead, payloadLength: number, effect: Effect): FrameCase {
  return whole(name, OPCODE.binary, relayBytes(head, payloadLength), effect);
}

function whole(name: string, opcode: number, payload: Uint8Array, effect: Effect): FrameCase {
  return { name, bytes: clientFrame(opcode, payload), ...effect };
}

/** In three fragments; `between` goes before each but the first. */
function fragmented(
  name: string,
  opcode: number,
  payload: Uint8Array,
  effect: Effect,
  between: Uint8Array = new Uint8Array(0),
): FrameCase {
  const third = Math.floor(payload.length / 3);
  const bytes = Buffer.concat([
    clientFrame(opcode, payload.subarray(0, third), 'more'),
    between,
    clientFrame(OPCODE.continuation, payload.subarray(third, 2 * third), 'more'),
    between,
    clientFrame(OPCODE.continuation, payload.subarray(2 * third)),
  ]);
  return { name, bytes, ...effect };
}

function relayBytes(head: RelayHead, payloadLength: number): Uint8Array {
  const payload = Uint8Array.from({ length: payloadLength }, (_, n) => (n * 7 + 1) % 251);
  return encodeRelayFrame({ ...head, payload });
}
