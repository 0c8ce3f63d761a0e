/**
 * The engine for machines where no build of uWebSockets.js loads: `ws` on Node's own HTTP server, with the interface of
 * uWebSockets.js as far as the gateway uses it.
 */
import { createServer, ServerResponse, type IncomingMessage, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type {
  Engine,
  EngineApp,
  EngineBehavior,
  EngineContext,
  EngineModule,
  EngineRequest,
  EngineResponse,
  ListenSocket,
} from './engine.js';
import { MAX_HEAD_BYTES } from './header-guard.js';
import { NodeRequest, NodeResponse, type Handover } from './ws-exchange.js';
import { Topics } from './ws-topics.js';
import { WsSocket, type SocketOwner } from './ws-socket.js';

/** A head must arrive within this time, and an idle connection lives this long, as on uWebSockets.js. */
const HEAD_MS = 10_000;
const CHECK_EVERY_MS = 2_000;
const IDLE_MS = 10_000;
const ABNORMAL = 1006;
const NO_CONTEXT: EngineContext = {};
const NO_BYTES = Buffer.alloc(0);
const drop = (): void => undefined;
/** The longest time that a timer takes. */
const FOREVER_MS = 2 ** 31 - 1;

type Handler = (res: EngineResponse, req: EngineRequest) => void;

export function wsEngine(): Pick<Engine, keyof EngineModule | 'name'> {
  const listening = new Map<ListenSocket, Server>();
  return {
    name: `ws ${versionOfWs()} on node:http (slow)`,
    App: () => new WsApp(listening),
    us_listen_socket_close: (socket) => {
      listening.get(socket)?.close();
    },
    us_socket_local_port: (socket) => portOf(listening.get(socket)),
  };
}

class WsApp implements EngineApp {
  private readonly topics = new Topics();
  private readonly servers: Server[] = [];
  private readonly connections = new Set<Duplex>();
  /** The gateway's own timers do not keep the process alive while it stops. */
  private life: NodeJS.Timeout | null = null;
  private handle: Handler = () => undefined;
  private upgrade: (req: IncomingMessage, socket: Duplex) => void = (_req, socket) => socket.destroy();

  constructor(private readonly listening: Map<ListenSocket, Server>) {}

  any(_pattern: string, handler: Handler): void {
    this.handle = handler;
  }

  ws<UserData>(_pattern: string, behavior: EngineBehavior<UserData>): void {
    let protocol = '';
    const webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      // It would cut a client that sends some pings at once; the gateway's own limit closes a flood by name.
      autoPong: false,
      perMessageDeflate: false,
      maxPayload: behavior.maxPayloadLength,
      handleProtocols: () => (protocol === '' ? false : protocol),
    });
    const owner: SocketOwner<UserData> = { behavior, topics: this.topics };
    this.upgrade = (req, socket) => {
      if (!(socket instanceof Socket)) {
        socket.destroy();
        return;
      }
      const res = new ServerResponse(req);
      // Without a listener, an error of the socket would end the process.
      socket.on('error', () => socket.destroy());
      // A client may send frames only after the answer: earlier ones are dropped.
      socket.on('data', drop);
      const handOver: Handover = (state, chosen) => {
        res.detachSocket(socket);
        socket.off('data', drop);
        socket.pause();
        protocol = chosen;
        // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- the handler's own state comes back
        const own = state as UserData;
        const handshake = { isDone: false };
        webSockets.handleUpgrade(req, socket, NO_BYTES, (webSocket) => {
          handshake.isDone = true;
          behavior.open(new WsSocket<UserData>(webSocket, socket, own, owner));
          socket.resume();
        });
        // `ws` refuses what it cannot answer: the client has closed its side, or its list of subprotocols is broken.
        if (!handshake.isDone) behavior.close?.({ getUserData: () => own }, ABNORMAL);
      };
      res.assignSocket(socket);
      res.shouldKeepAlive = false;
      behavior.upgrade(new NodeResponse(req, res, socket, handOver), new NodeRequest(req), NO_CONTEXT);
    };
  }

  listen(host: string, port: number, options: 0 | 1, done: (socket: ListenSocket | false) => void): void {
    const server = createServer({
      maxHeaderSize: 2 * MAX_HEAD_BYTES,
      requireHostHeader: false,
      headersTimeout: HEAD_MS,
      requestTimeout: 0,
      connectionsCheckingInterval: CHECK_EVERY_MS,
      keepAliveTimeout: IDLE_MS,
      noDelay: true,
    });
    // The size of a head bounds their number; with a limit of their own, Node would leave out the rest in silence.
    server.maxHeadersCount = 0;
    server.on('request', (req, res) => {
      this.handle(new NodeResponse(req, res, req.socket, null), new NodeRequest(req));
    });
    server.on('upgrade', (req: IncomingMessage, socket: Duplex) => {
      this.upgrade(req, socket);
    });
    server.on('connection', (socket) => {
      this.connections.add(socket);
      socket.on('close', () => this.connections.delete(socket));
    });
    const key: ListenSocket = {};
    server.once('error', () => {
      done(false);
    });
    server.listen({ host, port, reusePort: options === 0 }, () => {
      this.life ??= setInterval(drop, FOREVER_MS);
      this.servers.push(server);
      this.listening.set(key, server);
      done(key);
    });
  }

  close(): void {
    for (const server of this.servers) server.close();
    for (const socket of this.connections) socket.destroy();
    if (this.life !== null) clearInterval(this.life);
  }

  publish(topic: string, message: string | Uint8Array, isBinary: boolean): boolean {
    return this.topics.publish(topic, message, isBinary, null);
  }

  numSubscribers(topic: string): number {
    return this.topics.size(topic);
  }
}

function portOf(server: Server | undefined): number {
  const address = server?.address();
  return typeof address === 'object' && address !== null ? address.port : -1;
}

function versionOfWs(): string {
  const described: unknown = createRequire(import.meta.url)('ws/package.json');
  const version: unknown =
    typeof described === 'object' && described !== null ? Reflect.get(described, 'version') : null;
  return typeof version === 'string' ? version : 'unknown';
}
