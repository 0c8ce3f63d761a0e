/** The protocols of the servers that the gateway is compared with. */
import { clientFrame, OPCODE } from '../../client/client-frame.js';
import { framed, OutgoingMessage } from '../../client/message.js';
import { onUnexpected, readPayload, type Wire } from './wire.js';

const textFrame = (text: string): Buffer => clientFrame(OPCODE.text, Buffer.from(text));
const binaryFrame = (...parts: readonly (string | Uint8Array)[]): Buffer =>
  clientFrame(OPCODE.binary, Buffer.concat(parts.map((part) => Buffer.from(part))));

const IO_CONNECT = textFrame('40');
const IO_PONG = textFrame('3');
const IO_EVENT = textFrame('451-["m",{"_placeholder":true,"num":0}]');
/** First letters of text frames: Engine.IO's open and ping, and its message with Socket.IO's connect or binary event. */
const [OPEN, PING, MESSAGE, CONNECTED, BINARY_EVENT] = [...Buffer.from('02405')];

/**
 * Socket.IO 4 over a WebSocket (its protocol 5, Engine.IO 4). A message with one binary argument is a text frame that
 * names the event and holds its place, and a binary frame with the bytes. The server speaks first.
 */
export const socketIoWire: Wire = {
  begin: () => undefined,
  outgoing(payload) {
    const bytes = Buffer.concat([IO_EVENT, binaryFrame(payload)]);
    return new OutgoingMessage(bytes, bytes.length - payload.length, payload.length);
  },
  read(opcode, buffer, from, to, client) {
    if (opcode === OPCODE.binary) {
      readPayload(buffer.view, from, to, client);
      return;
    }
    const [first, second] = [buffer.bytes[from], buffer.bytes[from + 1]];
    if (first === MESSAGE && second === BINARY_EVENT) return;
    if (first === OPEN) client.send(IO_CONNECT);
    else if (first === PING) client.send(IO_PONG);
    else if (first === MESSAGE && second === CONNECTED) client.onJoined(client.index);
    else onUnexpected(buffer, from, to, client);
  },
};

const JOIN_ROOM = 10;
const ROOM_DATA_BYTES = 17;
/** The event `m`, as Colyseus' schema encodes a string of one letter. */
const COLYSEUS_EVENT = Buffer.from([ROOM_DATA_BYTES, 0xa1, 0x6d]);
const COLYSEUS_JOINED = binaryFrame(Buffer.from([JOIN_ROOM]));

/** Colyseus 0.16: the first byte says what a frame is; the bytes of an event follow its name. The server speaks first. */
export const colyseusWire: Wire = {
  begin: () => undefined,
  outgoing: (payload) => framed(COLYSEUS_EVENT, payload),
  read(opcode, buffer, from, to, client) {
    const kind = buffer.bytes[from];
    if (opcode === OPCODE.binary && kind === ROOM_DATA_BYTES) {
      readPayload(buffer.view, from + COLYSEUS_EVENT.length, to, client);
    } else if (opcode === OPCODE.binary && kind === JOIN_ROOM) {
      client.send(COLYSEUS_JOINED);
      client.onJoined(client.index);
    } else onUnexpected(buffer, from, to, client);
  },
};

const CRLF = Buffer.from('\r\n');
const LF = 0x0a;
const NATS_PONG = binaryFrame('PONG\r\n');
const [M, P, I, PLUS, O] = [...Buffer.from('MPI+O')];

/**
 * NATS over a WebSocket: its text protocol in binary frames. A room is a subject; the client asks the server not to
 * echo. Each frame holds whole commands: the server writes so to clients that are no browsers.
 */
export function natsWire(room: number): Wire {
  const subject = `room.${room}`;
  return {
    begin(client) {
      const options = JSON.stringify({ verbose: false, pedantic: false, echo: false, lang: 'bench', version: '1' });
      client.send(binaryFrame(`CONNECT ${options}\r\nSUB ${subject} 1\r\nPING\r\n`));
    },
    outgoing(payload) {
      const bytes = binaryFrame(`PUB ${subject} ${payload.length}\r\n`, payload, CRLF);
      return new OutgoingMessage(bytes, bytes.length - payload.length - CRLF.length, payload.length);
    },
    read(_opcode, buffer, from, to, client) {
      let at = from;
      while (at < to) {
        const lineEnd = buffer.bytes.indexOf(LF, at);
        if (lineEnd < 0 || lineEnd >= to) break;
        const kind = buffer.bytes[at];
        if (kind === M) {
          const payloadAt = lineEnd + 1;
          const length = lengthOf(buffer.bytes, lineEnd);
          readPayload(buffer.view, payloadAt, payloadAt + length, client);
          at = payloadAt + length + CRLF.length;
          continue;
        }
        // PONG answers the PING after the subscription: the client now gets what others publish.
        if (kind === P && buffer.bytes[at + 1] === O) client.onJoined(client.index);
        else if (kind === P) client.send(NATS_PONG);
        else if (kind !== I && kind !== PLUS) onUnexpected(buffer, at, to, client);
        at = lineEnd + 1;
      }
      if (at !== to) client.events.onDamaged();
    },
  };
}

/** The last number of `MSG <subject> <sid> <bytes>\r\n`. */
function lengthOf(bytes: Buffer, lineEnd: number): number {
  let value = 0;
  for (let at = lineEnd - 2, place = 1; ; at -= 1, place *= 10) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return value;
    value += digit * place;
  }
}
