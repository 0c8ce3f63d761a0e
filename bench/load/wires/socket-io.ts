/**
 * Socket.IO 4 over a WebSocket (its protocol 5, Engine.IO 4): a message with one binary argument is a text frame that
 * names the event and holds its place, and a binary frame with the bytes.
 */
import { clientFrame, OPCODE } from '../../client/client-frame.js';
import { OutgoingMessage } from '../../client/message.js';
import { readPayload, unexpected, type Wire } from './wire.js';

const CONNECT = clientFrame(OPCODE.text, Buffer.from('40'));
const PONG = clientFrame(OPCODE.text, Buffer.from('3'));
const EVENT = clientFrame(OPCODE.text, Buffer.from('451-["m",{"_placeholder":true,"num":0}]'));
/** First letters of text frames: Engine.IO's open and ping, and its message with Socket.IO's connect or binary event. */
const [OPEN, PING, MESSAGE, CONNECTED, BINARY_EVENT] = [...Buffer.from('02405')];

export const socketIoWire: Wire = {
  begin() {
    // The server opens first.
  },
  outgoing(payload) {
    const frame = clientFrame(OPCODE.binary, payload);
    const bytes = Buffer.concat([EVENT, frame]);
    return new OutgoingMessage(bytes, bytes.length - payload.length, payload.length);
  },
  read(opcode, buffer, from, to, client) {
    if (opcode === OPCODE.binary) {
      readPayload(buffer.view, from, to, client);
      return;
    }
    const [first, second] = [buffer.bytes[from], buffer.bytes[from + 1]];
    if (first === MESSAGE && second === BINARY_EVENT) return;
    if (first === OPEN) client.send(CONNECT);
    else if (first === PING) client.send(PONG);
    else if (first === MESSAGE && second === CONNECTED) client.onJoined(client.index);
    else client.onProblem(unexpected(buffer, from, to));
  },
};
