/**
 * An attacker with one seat: sends the frames it is given in turn, at the default rate limit. Cut off, it comes back at
 * once. An empty list ends the attack, and is answered by what became of it.
 */
import { WebSocket } from 'ws';
import { SUBPROTOCOL } from '../../src/protocol/wire.js';

const TICK_MS = 10;
const FRAMES_PER_TICK = 10;

const [link = '', credential = ''] = process.argv.slice(2);
let frames: readonly string[] = [];
let socket: WebSocket | null = null;
let [sent, closes] = [0, 0];

function tick(): void {
  if (frames.length === 0) return;
  socket ??= connect();
  if (socket.readyState !== WebSocket.OPEN) return;
  for (let n = 0; n < FRAMES_PER_TICK; n += 1, sent += 1) socket.send(frames[sent % frames.length] ?? '');
}

function connect(): WebSocket {
  const opened = new WebSocket(link, SUBPROTOCOL, { headers: { authorization: `Bearer ${credential}` } });
  opened.on('error', () => undefined);
  opened.once('close', () => {
    closes += 1;
    if (socket === opened) socket = null;
  });
  return opened;
}

process.on('message', (given: readonly string[]) => {
  if (given.length === 0) {
    socket?.terminate();
    socket = null;
    process.send?.({ frames: sent, closes });
  }
  frames = given;
  [sent, closes] = [0, 0];
});
process.on('disconnect', () => process.exit());
setInterval(tick, TICK_MS);
