// The least server that meets the fault of an engine that garbles large frames: it sends them outside of a cork whenever
// nothing waits in the engine. With the argument `subscribed` each socket has one topic for its whole life, as the
// gateway's have. uWebSockets.js 20.30 has the fault. It loads on Node 20; elsewhere this server has the gateway's engine.
import { createRequire } from 'node:module';
import { crc32 } from 'node:zlib';
import { loadEngine } from '../../dist/src/adapters/uws/load-engine.js';

const MIN_BYTES = 16 * 1024;
const MAX_BYTES = 64 * 1024;
/** With its header of 4 bytes it is 64 KiB: frames of this size end where the kernel's pages do. */
const PAGES_BYTES = MAX_BYTES - 4;
const FRAMES_A_TURN = 64;
const SEAL_BYTES = 4;

const isSubscribed = process.argv[2] === 'subscribed';
const engine = faultyEngine() ?? loadEngine();
const app = engine.App();
const sockets = new Set();
const pages = sealed(PAGES_BYTES);
const others = Array.from({ length: 32 }, () =>
  sealed(MIN_BYTES + Math.floor(Math.random() * (PAGES_BYTES - MIN_BYTES))),
);
let opened = 0;

app.ws('/*', {
  maxBackpressure: 64 * 1024 * 1024,
  idleTimeout: 60,
  compression: 0,
  upgrade: (res, req, context) => {
    opened += 1;
    // Every other socket gets frames of all sizes.
    const frames = opened % 2 === 0 ? others : [pages];
    res.upgrade({ frames }, req.getHeader('sec-websocket-key'), '', '', context);
  },
  open: (ws) => {
    if (isSubscribed) ws.subscribe('*');
    sockets.add(ws);
  },
  message: () => undefined,
  close: (ws) => void sockets.delete(ws),
});
app.listen('127.0.0.1', 0, 1, (socket) => {
  const url = `ws://127.0.0.1:${engine.us_socket_local_port(socket)}`;
  process.stdout.write(`${JSON.stringify({ event: 'listening', url, engine: engine.name })}\n`);
});
// Between two turns no socket is corked.
setImmediate(sendToAll);

function sendToAll() {
  for (const ws of [...sockets]) {
    const { frames } = ws.getUserData();
    for (let n = 0; n < FRAMES_A_TURN && ws.getBufferedAmount() === 0; n += 1) {
      ws.send(frames[Math.floor(Math.random() * frames.length)], true, false);
    }
  }
  setImmediate(sendToAll);
}

function faultyEngine() {
  const { platform, arch, versions } = process;
  const binary = `uws-legacy/binaries/uws_${platform}_${arch}_${versions.modules}.node`;
  try {
    return { ...createRequire(import.meta.url)(binary), name: 'uWebSockets.js 20.30.0' };
  } catch {
    return null;
  }
}

/** As test/support/sealed-payload.ts reads it. */
function sealed(length) {
  const payload = Buffer.alloc(length);
  for (let at = SEAL_BYTES; at < length; at += 1) payload[at] = Math.floor(Math.random() * 256);
  payload.writeUInt32LE(crc32(payload.subarray(SEAL_BYTES)), 0);
  return payload;
}
