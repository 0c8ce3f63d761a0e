// Loaded into a gateway on the engine `ws` before its program (`--import`): it prints its environment and whatever its
// engine hands over (heads, bodies, frames). What a scan of its output does not find has never been sent to it.
import { Server } from 'node:http';
import { WebSocket } from 'ws';

overhear(Server, ['request', 'upgrade'], (request) => {
  say({ method: request.method, url: request.url, headers: request.rawHeaders });
  request.on('newListener', (event, handler) => {
    if (event === 'data' && handler !== sayBody) request.prependListener('data', sayBody);
  });
});
overhear(WebSocket, ['message'], (data) => {
  say({ frame: data.toString() });
});
say(process.env);

/** Calls `listen` with what an emitter of this class hands over in these events. */
function overhear({ prototype }, events, listen) {
  const { emit } = prototype;
  prototype.emit = function overheard(event, ...rest) {
    if (events.includes(event)) listen(...rest);
    return emit.call(this, event, ...rest);
  };
}

function sayBody(chunk) {
  say({ body: chunk.toString() });
}

function say(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}
