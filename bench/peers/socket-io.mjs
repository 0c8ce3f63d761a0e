/**
 * Socket.IO over WebSockets alone; with `BENCH_ON=uws` on uWebSockets.js, its own advice for speed. The room comes in
 * the query; a message is one binary argument, as a game would send it.
 */
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import uws from 'uWebSockets.js';
import { listening } from './report.mjs';

const options = { transports: ['websocket'], perMessageDeflate: false, serveClient: false };
const io = new Server(options);

io.on('connection', (socket) => {
  const { room } = socket.handshake.query;
  socket.join(room);
  socket.on('m', (message) => socket.to(room).emit('m', message));
});

if (process.env.BENCH_ON === 'uws') {
  const app = uws.App();
  io.attachApp(app, options);
  app.listen('127.0.0.1', 0, (socket) => listening(uws.us_socket_local_port(socket), 'Socket.IO on uWebSockets.js'));
} else {
  const http = createServer();
  io.attach(http, options);
  http.listen(0, '127.0.0.1', () => listening(http.address().port, 'Socket.IO'));
}
