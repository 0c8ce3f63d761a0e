/**
 * An attacker with one seat. It sends its frames in turn at the default rate limit, and reconnects at once when it is
 * cut off. An empty list of frames ends the attack; the answer says how it went.
 */
import { z } from 'zod';
import { endpoint } from '../client/dial.js';
import { ReadBuffer } from '../client/frame-reader.js';
import { WebSocketClient } from '../client/websocket-client.js';
import { answerParent, serveParent } from '../processes/worker-process.js';

const TICK_MS = 10;
const FRAMES_PER_TICK = 10;

const order = z.object({ endpoint, handshake: z.string(), frames: z.array(z.string()) });

const buffer = new ReadBuffer();
let frames: readonly string[] = [];
let client: WebSocketClient | null = null;
let isOpen = false;
let [sent, closes] = [0, 0];

function tick(at: z.output<typeof order>): void {
  client ??= connect(at);
  if (!isOpen) return;
  for (let n = 0; n < FRAMES_PER_TICK; n += 1, sent += 1) client.sendText(frames[sent % frames.length] ?? '');
}

function connect(at: z.output<typeof order>): WebSocketClient {
  return new WebSocketClient(at.endpoint, at.handshake, buffer, {
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

let ticks = setInterval(() => undefined, TICK_MS);
serveParent((message) => {
  const given = order.parse(message);
  clearInterval(ticks);
  ({ frames } = given);
  if (frames.length === 0) {
    leave();
    answerParent({ frames: sent, closes });
    return;
  }
  [sent, closes] = [0, 0];
  ticks = setInterval(() => tick(given), TICK_MS);
});
