/** Colyseus 0.16: a byte says what a frame is; bytes of an event follow the event's name. */
import { clientFrame, OPCODE } from '../../client/client-frame.js';
import { framed } from '../../client/message.js';
import { readPayload, unexpected, type Wire } from './wire.js';

const JOIN_ROOM = 10;
const ROOM_DATA_BYTES = 17;
/** The event `m`, as its schema encodes a string of one letter. */
const EVENT = Buffer.from([ROOM_DATA_BYTES, 0xa1, 0x6d]);
const JOINED = clientFrame(OPCODE.binary, Buffer.from([JOIN_ROOM]));

export const colyseusWire: Wire = {
  begin() {
    // The server says that the room was joined.
  },
  outgoing: (payload) => framed(EVENT, payload),
  read(opcode, buffer, from, to, client) {
    const kind = buffer.bytes[from];
    if (opcode === OPCODE.binary && kind === ROOM_DATA_BYTES) {
      readPayload(buffer.view, from + EVENT.length, to, client);
    } else if (opcode === OPCODE.binary && kind === JOIN_ROOM) {
      client.send(JOINED);
      client.onJoined(client.index);
    } else client.onProblem(unexpected(buffer, from, to));
  },
};
