/** What users would pick instead, doing the same work: rooms that relay a message to everybody else in them. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { demand } from '../processes/changes.js';
import { started, type Contender } from './contenders.js';
import { handshakeOf } from '../client/client-frame.js';
import { NatsProcess } from '../processes/nats-process.js';
import type { Crowd } from '../rest/seats.js';
import { ServerProcess, type Launch } from '../processes/server-process.js';

/** Beside the compiled bench stands its source, with the peers and their dependencies. */
const PEERS = fileURLToPath(new URL('../../../bench/peers/', import.meta.url));

export function requirePeers(): void {
  demand(existsSync(`${PEERS}node_modules`), 'the peers are not installed: npm ci --prefix bench/peers');
}

export const wsPeer: Contender = {
  name: 'ws',
  start: (crowd, options) =>
    started(peer('ws', options), 'bare', async ({ host }) => rooms(crowd, (room) => handshakeOf(host, `/${room}`))),
};

export function socketIo(isOnUws: boolean): Contender {
  return {
    name: isOnUws ? 'Socket.IO on uWS' : 'Socket.IO',
    start: (crowd, options) =>
      started(peer('socket-io', options, isOnUws), 'socket_io', async ({ host }) =>
        rooms(crowd, (room) => handshakeOf(host, `/socket.io/?EIO=4&transport=websocket&room=${room}`)),
      ),
  };
}

export function colyseus(isOnUws: boolean): Contender {
  return {
    name: isOnUws ? 'Colyseus on uWS' : 'Colyseus',
    start: (crowd, options) =>
      started(peer('colyseus', options, isOnUws), 'colyseus', async (url) => {
        const handshakes: string[] = [];
        for (let i = 0; i < crowd.clients; i += 1) handshakes.push(await reserve(url, roomOf(crowd, i)));
        return handshakes;
      }),
  };
}

export const nats: Contender = {
  name: 'NATS',
  start: async (crowd, { core }) =>
    started(await NatsProcess.start(core), 'nats', async ({ host }) => rooms(crowd, () => handshakeOf(host, '/'))),
};

function peer(script: string, launch: Launch, isOnUws = false): ServerProcess {
  const environment = { NODE_ENV: 'production', BENCH_ON: isOnUws ? 'uws' : '' };
  return new ServerProcess(script, `${PEERS}${script}.mjs`, { ...launch, environment });
}

function rooms(crowd: Crowd, handshake: (room: number) => string): string[] {
  return Array.from({ length: crowd.clients }, (_, i) => handshake(roomOf(crowd, i)));
}

function roomOf({ roomsOf }: Crowd, client: number): number {
  return Math.floor(client / roomsOf);
}

const reservation = z.object({
  sessionId: z.string(),
  room: z.object({ roomId: z.string(), processId: z.string() }),
});

/** Takes a seat by Colyseus' matchmaking; the handshake that sits down on it. */
async function reserve({ origin, host }: URL, room: number): Promise<string> {
  const response = await fetch(`${origin}/matchmake/joinOrCreate/relay`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ room }),
  });
  const answer: unknown = await response.json();
  const { sessionId, room: made } = reservation.parse(answer);
  return handshakeOf(host, `/${made.processId}/${made.roomId}?sessionId=${sessionId}`);
}
