import { OPCODE } from '../../client/client-frame.js';
import { framed } from '../../client/message.js';
import { readPayload, unexpected, type Wire } from './wire.js';

const NOTHING = new Uint8Array(0);

/** A frame is a message, and a message is its payload; the room is in the path, the place in it is given. */
export const bareWire: Wire = {
  begin(client) {
    client.onJoined(client.index);
  },
  outgoing: (payload) => framed(NOTHING, payload),
  read(opcode, buffer, from, to, client) {
    if (opcode === OPCODE.binary) readPayload(buffer.view, from, to, client);
    else client.onProblem(unexpected(buffer, from, to));
  },
};
