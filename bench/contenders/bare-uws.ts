/**
 * The limit to measure against: the engine alone, loaded as the gateway loads it, with the least work of a relay. A
 * socket that connects to `/<room>` subscribes to that room's topic. Each message is published to the others in it.
 *
 * `BENCH_FAULT=lose|double|swap` spoils every 100th message, so that tests can check the bench's counting.
 */
import type { EngineSocket } from '../../src/adapters/uws/engine.js';
import { loadEngine } from '../../src/adapters/uws/load-engine.js';

interface Guest {
  readonly room: string;
}

type Fault = 'lose' | 'double' | 'swap';
type Forward = (ws: EngineSocket<Guest>, message: ArrayBuffer, isBinary: boolean) => void;

const FAULT_EVERY = 100;
const HOST = '127.0.0.1';

const forward: Forward = (ws, message, isBinary) => {
  ws.publish(ws.getUserData().room, new Uint8Array(message), isBinary, false);
};

function main(): void {
  const engine = loadEngine();
  const app = engine.App();
  app.ws<Guest>('/*', {
    // The gateway's values, so that the engine does the same work for a socket.
    maxPayloadLength: 256 * 1024,
    maxBackpressure: 16 * 1024 * 1024,
    closeOnBackpressureLimit: false,
    idleTimeout: 50,
    sendPingsAutomatically: true,
    maxLifetime: 0,
    compression: 0,
    upgrade: (res, req, context) => {
      const guest: Guest = { room: req.getUrl() };
      const key = req.getHeader('sec-websocket-key');
      res.upgrade(guest, key, req.getHeader('sec-websocket-protocol'), '', context);
    },
    open: (ws) => {
      ws.subscribe(ws.getUserData().room);
    },
    message: faultOf(process.env['BENCH_FAULT']),
  });
  app.listen(HOST, 0, 1, (socket) => {
    if (socket === false) throw new Error(`cannot listen on ${HOST}`);
    const url = `http://${HOST}:${engine.us_socket_local_port(socket)}`;
    process.stdout.write(`${JSON.stringify({ event: 'listening', url, engine: engine.name })}\n`);
  });
  process.on('SIGTERM', () => process.exit(0));
}

function faultOf(name: string | undefined): Forward {
  if (name === undefined) return forward;
  if (name === 'lose' || name === 'double' || name === 'swap') return spoiled(name);
  throw new Error(`no such fault: ${name}`);
}

function spoiled(fault: Fault): Forward {
  let count = 0;
  const held = new Map<EngineSocket<Guest>, ArrayBuffer>();
  return (ws, message, isBinary) => {
    count += 1;
    const isDue = count % FAULT_EVERY === 0;
    if (isDue && fault === 'lose') return;
    if (isDue && fault === 'swap' && !held.has(ws)) {
      held.set(ws, message.slice(0));
      return;
    }
    forward(ws, message, isBinary);
    if (isDue && fault === 'double') forward(ws, message, isBinary);
    const late = held.get(ws);
    if (late === undefined) return;
    held.delete(ws);
    forward(ws, late, isBinary);
  };
}

main();
