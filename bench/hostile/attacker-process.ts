/**
 * An attacker with one seat: it sends the frames that it is given in turn, at the default rate limit. When it is cut off,
 * it comes back at once. An empty list ends the attack; the answer says what became of it.
 */
import { endpoint } from '../client/dial.js';
import { ReadBuffer } from '../client/frame-reader.js';
import { WebSocketClient } from '../client/websocket-client.js';

const TICK_MS = 10;
const FRAMES_PER_TICK = 10;

const [at = '', handshake = ''] = process.argv.slice(2);
const gateway = endpoint.parse(JSON.parse(at));
const buffer = new ReadBuffer();
let frames: readonly string[] = [];
let client: WebSocketClient | null = null;
let isOpen = false;
let [sent, closes] = [0, 0];

function tick(): void {
  if (frames.length === 0) return;
  client ??= connect();
  if (!isOpen) return;
  for (let n = 0; n < FRAMES_PER_TICK; n += 1, sent += 1) client.sendText(frames[sent % frames.length] ?? '');
}

function connect(): WebSocketClient {
  return new WebSocketClient(gateway, handshake, buffer, {
    onUpgraded: () => (isOpen = true),
    onFrame: () => undefined,
    onEnd: () => {
      closes += 1;
      leave();
    },
  });
}

function leave(): void {
  client?.drop();
  client = null;
  isOpen = false;
}

process.on('message', (given: readonly string[]) => {
  if (given.length === 0) {
    leave();
    process.send?.({ frames: sent, closes });
  }
  frames = given;
  [sent, closes] = [0, 0];
});
process.on('disconnect', () => process.exit());
setInterval(tick, TICK_MS);
