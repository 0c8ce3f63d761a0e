/** The servers that a bench compares: each starts anew for a run, and says how its clients connect. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { handshakeOf } from '../client/client-frame.js';
import { endpointOf } from '../client/dial.js';
import type { Job } from '../load/job.js';
import { demand } from '../processes/changes.js';
import { startNats } from '../processes/foreign-server.js';
import { GatewayProcess, UNLIMITED } from '../processes/gateway.js';
import { ServerProcess, type Launch, type Server } from '../processes/server-process.js';
import { givenGateway, type Gateway, type TargetGiven } from '../processes/target.js';
import { Backend, type SessionOptions } from '../rest/backend.js';
import { openSessions, type Crowd } from '../rest/seats.js';

export interface Target extends Pick<Job, 'endpoints' | 'wire' | 'handshakes'> {
  /** Its processes; none when they are unknown. */
  readonly serverPids: number[];
  stop(): Promise<void>;
}

export interface Contender {
  readonly name: string;
  start(crowd: Crowd, launch: Launch): Promise<Target>;
}

const BARE = fileURLToPath(new URL('./bare-uws.js', import.meta.url));
/** The peers and their dependencies are beside the bench's source, which is beside the compiled bench. */
const PEERS = fileURLToPath(new URL('../../../bench/peers/', import.meta.url));
const WIRES = { volatile: 'sallyport', latest: 'sallyport_latest', reliable: 'sallyport_reliable' } as const;

export type ClassName = keyof typeof WIRES;

export const bareEngine: Contender = {
  name: 'bare engine',
  start: (crowd, launch) => bareServer(new ServerProcess('bare engine', BARE, launch), crowd),
};

/** The gateway on its embedded store, without limits on a connection's rate. */
export function sallyport(flushMs: number | 'auto', deliveryClass: ClassName = 'volatile'): Contender {
  return {
    name: `flush_ms ${flushMs}${deliveryClass === 'volatile' ? '' : `, ${deliveryClass}`}`,
    async start(crowd, launch) {
      const gateway = new GatewayProcess({ ...launch, environment: UNLIMITED });
      return started(gateway, WIRES[deliveryClass], async ({ origin }) => {
        const seats = await openSessions(new Backend(origin, gateway.key), crowd, { flush_ms: flushMs });
        return seats.handshakes;
      });
    },
  };
}

/** A gateway that already runs, with its own limits. The sessions are ended afterwards. */
function running({ url, key, pid }: Gateway, options: SessionOptions, deliveryClass: ClassName): Contender {
  return {
    name: url,
    async start(crowd) {
      const seats = await openSessions(new Backend(url, key), crowd, options);
      return { ...seats, wire: WIRES[deliveryClass], serverPids: pid === null ? [] : [pid], stop: () => seats.end() };
    },
  };
}

export interface ServerGiven extends TargetGiven {
  readonly server: 'gateway' | 'bare';
  readonly class: ClassName;
  readonly 'flush-ms': 'auto' | number;
  readonly durability: 'memory' | 'redis';
}

/** The server that a command line names. */
export function contenderOf(given: ServerGiven): Contender {
  const gateway = givenGateway(given);
  const flushMs = given['flush-ms'];
  if (given.server === 'gateway') {
    const { durability } = given;
    demand(gateway !== null || durability === 'memory', '--durability redis needs a gateway at a --url');
    const options = { flush_ms: flushMs, durability };
    return gateway === null ? sallyport(flushMs, given.class) : running(gateway, options, given.class);
  }
  demand(gateway === null, '--server bare is a server of the bench, not one at a --url');
  return bareEngine;
}

export function requirePeers(): void {
  demand(existsSync(`${PEERS}node_modules`), 'the peers are not installed: npm ci --prefix bench/peers');
}

const wsPeer: Contender = { name: 'ws', start: (crowd, launch) => bareServer(peer('ws', launch), crowd) };

function socketIo(isOnUws: boolean): Contender {
  return {
    name: isOnUws ? 'Socket.IO on uWS' : 'Socket.IO',
    start: (crowd, launch) =>
      started(peer('socket-io', launch, isOnUws), 'socket_io', async ({ host }) =>
        byRoom(crowd, (room) => handshakeOf(host, `/socket.io/?EIO=4&transport=websocket&room=${room}`)),
      ),
  };
}

function colyseus(isOnUws: boolean): Contender {
  return {
    name: isOnUws ? 'Colyseus on uWS' : 'Colyseus',
    start: (crowd, launch) =>
      started(peer('colyseus', launch, isOnUws), 'colyseus', async (url) => {
        const handshakes: string[] = [];
        for (const room of byRoom(crowd, (each) => each)) handshakes.push(await reserve(url, room));
        return handshakes;
      }),
  };
}

const nats: Contender = {
  name: 'NATS',
  start: async (crowd, { core = null }) =>
    started(await startNats(core), 'nats', async ({ host }) => byRoom(crowd, () => handshakeOf(host, '/'))),
};

/** By the names of `--only`. */
export const CONTENDERS: Readonly<Record<string, Contender>> = {
  bare: bareEngine,
  auto: sallyport('auto'),
  '2': sallyport(2),
  '0': sallyport(0),
  reliable: sallyport('auto', 'reliable'),
  nats,
  ws: wsPeer,
  'socket.io': socketIo(false),
  'socket.io-uws': socketIo(true),
  colyseus: colyseus(false),
  'colyseus-uws': colyseus(true),
};

function bareServer(server: Server, crowd: Crowd): Promise<Target> {
  return started(server, 'bare', async ({ host }) => byRoom(crowd, (room) => handshakeOf(host, `/${room}`)));
}

/** The server, once it listens and the clients' handshakes are ready. */
async function started(server: Server, wire: Job['wire'], prepare: (url: URL) => Promise<string[]>): Promise<Target> {
  const { url } = await server.untilListening();
  const handshakes = await prepare(new URL(url));
  return { endpoints: [endpointOf(url)], wire, handshakes, serverPids: [server.pid], stop: () => server.stop() };
}

function peer(script: string, launch: Launch, isOnUws = false): ServerProcess {
  const environment = { NODE_ENV: 'production', BENCH_ON: isOnUws ? 'uws' : '' };
  return new ServerProcess(script, `${PEERS}${script}.mjs`, { ...launch, environment });
}

/** Something for each client, by the number of its room. */
function byRoom<T>({ clients, roomsOf }: Crowd, of: (room: number) => T): T[] {
  return Array.from({ length: clients }, (_, i) => of(Math.floor(i / roomsOf)));
}

const reservation = z.object({
  sessionId: z.string(),
  room: z.object({ roomId: z.string(), processId: z.string() }),
});

/** Takes a seat by Colyseus' matchmaking. Returns the handshake for that seat. */
async function reserve({ origin, host }: URL, room: number): Promise<string> {
  const response = await fetch(`${origin}/matchmake/joinOrCreate/relay`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ room }),
  });
  const { sessionId, room: made } = reservation.parse(await response.json());
  return handshakeOf(host, `/${made.processId}/${made.roomId}?sessionId=${sessionId}`);
}
