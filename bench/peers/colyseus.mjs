/**
 * Colyseus: a room without state that broadcasts what it is sent, as bytes; with `BENCH_ON=uws` on its uWebSockets.js
 * transport. Seats are reserved over its own matchmaking.
 */
import { createServer } from 'node:http';
import { Room, Server } from '@colyseus/core';
import { uWebSocketsTransport } from '@colyseus/uwebsockets-transport';
import { WebSocketTransport } from '@colyseus/ws-transport';
import uws from 'uWebSockets.js';
import { listening } from './report.mjs';

class Relay extends Room {
  onCreate() {
    this.maxClients = Infinity;
    this.setSeatReservationTime(60);
    this.setPatchRate(null);
    this.onMessage('m', (client, message) => this.broadcastBytes('m', message, { except: client }));
  }
}

const isOnUws = process.env.BENCH_ON === 'uws';
const http = createServer();
const transport = isOnUws
  ? new uWebSocketsTransport({ maxPayloadLength: 256 * 1024, idleTimeout: 120 })
  : new WebSocketTransport({ server: http, pingInterval: 0 });
const server = new Server({ transport, greet: false, gracefullyShutdown: false });
server.define('relay', Relay).filterBy(['room']);

if (isOnUws) {
  await server.listen(0);
  listening(uws.us_socket_local_port(transport._listeningSocket), 'Colyseus on uWebSockets.js');
} else {
  await server.listen(0, '127.0.0.1');
  listening(http.address().port, 'Colyseus');
}
