/** A hand-written relay on ws, as its documentation shows a broadcast: a socket at `/<room>` is in that room. */
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { listening } from './report.mjs';

const rooms = new Map();
const http = createServer();
const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });

sockets.on('connection', (socket, request) => {
  const room = rooms.get(request.url) ?? new Set();
  rooms.set(request.url, room.add(socket));
  socket.on('message', (message, isBinary) => {
    for (const other of room) if (other !== socket) other.send(message, { binary: isBinary });
  });
  socket.on('close', () => room.delete(socket));
});

http.listen(0, '127.0.0.1', () => listening(http.address().port, 'ws'));
