// Loaded into a gateway before its program (`--import`): it prints its environment and whatever its engine hands over
// (heads, bodies, frames). What a scan of such a gateway's output does not find has never been sent to it.
import { Server } from 'node:http';
import { createRequire } from 'node:module';
import { WebSocket } from 'ws';

const require = createRequire(import.meta.url);

for (const build of ['uws-current', 'uws-portable']) {
  try {
    listenIn(require(build));
  } catch {
    // It does not load here: the gateway takes another.
  }
}
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

function listenIn(engine) {
  const { App } = engine;
  engine.App = (...options) => {
    const app = App(...options);
    const [any, ws] = [app.any.bind(app), app.ws.bind(app)];
    app.any = (pattern, handler) => any(pattern, (res, req) => handler(withBody(res), withHead(req)));
    app.ws = (pattern, behavior) => ws(pattern, { ...behavior, ...overheard(behavior) });
    return app;
  };
}

function overheard({ upgrade, message }) {
  return {
    upgrade: (res, req, context) => upgrade(res, withHead(req), context),
    message: (socket, bytes, isBinary) => {
      say({ frame: Buffer.from(bytes).toString() });
      message(socket, bytes, isBinary);
    },
  };
}

function withHead(req) {
  const headers = [];
  req.forEach((name, value) => headers.push(name, value));
  say({ method: req.getMethod(), url: req.getUrl(), query: req.getQuery(), headers });
  return req;
}

function withBody(res) {
  const onData = res.onData.bind(res);
  res.onData = (handler) =>
    onData((chunk, isLast) => {
      say({ body: Buffer.from(chunk).toString() });
      handler(chunk, isLast);
    });
  return res;
}

function say(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}
