/**
 * NATS over a WebSocket: its text protocol in binary frames. A room is a subject; the server is told not to echo.
 * Each frame holds whole commands: that is how the server writes to clients that are no browsers.
 */
import { clientFrame, OPCODE } from '../../client/client-frame.js';
import { OutgoingMessage } from '../../client/message.js';
import { readPayload, unexpected, type Wire } from './wire.js';

const END = Buffer.from('\r\n');
const LF = 0x0a;
const PONG = clientFrame(OPCODE.binary, Buffer.from('PONG\r\n'));
const [M, P, I, PLUS] = [...Buffer.from('MPI+')];

export function natsWire(room: number): Wire {
  const subject = `room.${String(room)}`;
  return {
    begin(client) {
      const options = JSON.stringify({ verbose: false, pedantic: false, echo: false, lang: 'bench', version: '1' });
      client.send(clientFrame(OPCODE.binary, Buffer.from(`CONNECT ${options}\r\nSUB ${subject} 1\r\nPING\r\n`)));
    },
    outgoing(payload) {
      const head = Buffer.from(`PUB ${subject} ${String(payload.length)}\r\n`);
      const bytes = clientFrame(OPCODE.binary, Buffer.concat([head, payload, END]));
      return new OutgoingMessage(bytes, bytes.length - payload.length - END.length, payload.length);
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
          at = payloadAt + length + END.length;
          continue;
        }
        // PONG answers the PING behind the subscription: from now on this client gets what is published.
        if (kind === P && buffer.bytes[at + 1] === 0x4f) client.onJoined(client.index);
        else if (kind === P) client.send(PONG);
        else if (kind !== I && kind !== PLUS) client.onProblem(unexpected(buffer, at, to));
        at = lineEnd + 1;
      }
      if (at !== to) client.onDamaged();
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
