// Loaded into a gateway before its program (`--import`): its sockets have all their topics but the permanent one. What a
// socket without a subscription suffers on the 20.30 engine then shows.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { platform, arch, versions } = process;
const PERMANENT_TOPIC = '*';

for (const build of ['uws-current', `uws-legacy/binaries/uws_${platform}_${arch}_${versions.modules}.node`]) {
  try {
    withhold(require(build));
  } catch {
    // It does not load here: the gateway takes the other.
  }
}

function withhold(engine) {
  const { App } = engine;
  engine.App = (...options) => {
    const app = App(...options);
    const ws = app.ws.bind(app);
    app.ws = (pattern, behavior) => ws(pattern, { ...behavior, open: (socket) => opened(socket, behavior) });
    return app;
  };
}

function opened(socket, behavior) {
  const subscribe = socket.subscribe.bind(socket);
  socket.subscribe = (topic) => topic === PERMANENT_TOPIC || subscribe(topic);
  behavior.open(socket);
}
