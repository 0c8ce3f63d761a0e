/** Handshakes and frames of a WebSocket client (RFC 6455), masked with the key 0. */
const MASKED = 0x80;
const FINAL = 0x80;
const MAX_SHORT = 125;
const MAX_MEDIUM = 0xffff;
const KEY_BYTES = 4;
/** Any 16 bytes do: the bench does not check the server's answer to them. */
const KEY = Buffer.from('sallyport bench!').toString('base64');

export const OPCODE = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** The text of an upgrade request. */
export function handshakeOf(host: string, path: string, headers: Readonly<Record<string, string>> = {}): string {
  const all = {
    Host: host,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': KEY,
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

/** The same request with a resume token. */
export function resumeHandshake(handshake: string, token: string, seq: number): string {
  return handshake
    .replace(/^GET (\S+) HTTP/, `GET $1?seq=${seq} HTTP`)
    .replace(/^Authorization: .*$/m, `Authorization: Bearer ${token}`);
}

/** One whole frame. With the key 0 it ends with the unmasked message, which can be changed in place. */
export function clientFrame(opcode: number, message: Uint8Array): Buffer {
  const frame = Buffer.alloc(frameLength(message.length));
  frame.set(message, writeFrameHead(frame, opcode, message.length));
  return frame;
}

/** The length of a whole frame, by that of its message. */
export function frameLength(length: number): number {
  return 2 + extraBytes(length) + KEY_BYTES + length;
}

/** Writes everything but the message, and returns where the message begins. */
export function writeFrameHead(frame: Buffer, opcode: number, length: number): number {
  const extra = extraBytes(length);
  frame[0] = FINAL | opcode;
  frame[1] = MASKED | (extra === 0 ? length : extra === 2 ? 126 : 127);
  if (extra === 2) frame.writeUInt16BE(length, 2);
  if (extra === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  const at = 2 + extra;
  frame.fill(0, at, at + KEY_BYTES);
  return at + KEY_BYTES;
}

function extraBytes(length: number): number {
  return length <= MAX_SHORT ? 0 : length <= MAX_MEDIUM ? 2 : 8;
}
