/**
 * The server: one engine app with one WebSocket route and one for everything else. It owns the listening socket and the
 * set of open sockets; the handlers own what happens on them.
 */
import type { CloseName } from '../../protocol/close-codes.js';
import { MAX_RELAY_HEADER_BYTES } from '../../protocol/wire.js';
import { idsOf, type Gatekeeper, type SocketListener } from '../../ports/connect.js';
import type { Log } from '../../ports/log.js';
import type { Broadcaster, ClientSocket, LifeSign, SocketHandler } from '../../ports/socket.js';
import type { Engine, EngineApp, EngineSocket, ListenSocket } from './engine.js';
import { HttpServer, type HttpDeps } from './http.js';
import { Outgoing, type OutgoingTallies } from './outgoing.js';
import { UwsSocket, type SocketState } from './socket.js';
import { Upgrades } from './upgrade.js';

export interface ServerLimits {
  readonly maxMessageBytes: number;
  /** Most bytes that may wait for a reader before the relay closes its socket. */
  readonly maxBufferedBytes: number;
  /** How long a socket may be silent before the relay closes it. */
  readonly maxSilenceMs: number;
}

export interface ServerDeps extends HttpDeps {
  readonly gatekeeper: Gatekeeper;
  readonly openSockets: SocketListener;
  readonly limits: ServerLimits;
}

/** Fan-out by the engine's topics; made before the server because the relay needs it first. */
export class UwsApp implements Broadcaster {
  readonly app: EngineApp;
  readonly outgoing: Outgoing;
  private newcomer: UwsSocket | null = null;
  private readonly held: { readonly topic: string; readonly text: string }[] = [];

  constructor(
    readonly engine: Engine,
    tallies: OutgoingTallies,
  ) {
    this.app = engine.App();
    this.outgoing = new Outgoing(this.app, tallies);
  }

  publish(topic: string, frame: string | Uint8Array, except: ClientSocket | null): void {
    // Bytes may be overwritten after this call: only text can wait.
    if (typeof frame === 'string' && this.isForOthers(topic, except)) {
      this.held.push({ topic, text: frame });
      return;
    }
    if (this.held.length > 0) this.release();
    if (except === null) this.publishToAll(topic, frame);
    else except.publishToOthers(topic, frame);
  }

  /**
   * Runs `enter`, which corks the newcomer's socket. Texts that it publishes to the others leave after that: the engine
   * has one cork, and while a socket holds it, each message to each other socket is a system call of its own.
   */
  admit(newcomer: UwsSocket, enter: () => void): void {
    this.newcomer = newcomer;
    try {
      enter();
    } finally {
      this.release();
      this.newcomer = null;
    }
  }

  /** Another socket enters a topic while a newcomer enters: it gets nothing of what was published before. */
  readonly onSubscribing = (socket: UwsSocket): void => {
    if (socket !== this.newcomer && this.held.length > 0) this.release();
  };

  /** Whether a newcomer enters, and gets nothing of what is published. */
  private isForOthers(topic: string, except: ClientSocket | null): boolean {
    const { newcomer } = this;
    return newcomer !== null && (except === newcomer || (except === null && !newcomer.isSubscribed(topic)));
  }

  private publishToAll(topic: string, frame: string | Uint8Array): void {
    this.outgoing.countTopic(topic, frame, 0);
    this.app.publish(topic, frame, typeof frame !== 'string');
  }

  /** A newcomer that closed while it entered has no topics any more. */
  private release(): void {
    const { newcomer } = this;
    for (const { topic, text } of this.held.splice(0)) {
      if (newcomer === null || newcomer.closed) this.publishToAll(topic, text);
      else newcomer.publishToOthers(topic, text);
    }
  }
}

const CLOSE_EVERY_MS = 50;
/** Options of the engine's `listen`. */
const SHARED = 0;
const EXCLUSIVE = 1;
/** Passed to handlers for a close that this process started; the metrics count the actual code. */
const CLOSED_BY_US = 1006;

export class UwsServer {
  private readonly sockets = new Set<UwsSocket>();
  private readonly http: HttpServer;
  private readonly listening: ListenSocket[] = [];
  /** The socket that was just upgraded and is still inside the cork of its upgrade. The key is always there. */
  private readonly upgraded = new Map<'newcomer', EngineSocket<SocketState> | null>([['newcomer', null]]);

  constructor(
    private readonly uws: UwsApp,
    private readonly deps: ServerDeps,
  ) {
    this.http = new HttpServer(deps);
    const upgrades = new Upgrades({ ...deps, http: this.http, onUpgraded: this.onUpgraded });
    const { maxMessageBytes, maxBufferedBytes, maxSilenceMs } = deps.limits;
    uws.app.ws<SocketState>('/*', {
      maxPayloadLength: engineLimit(maxMessageBytes),
      // The relay closes a slow reader by name long before the engine would drop data.
      maxBackpressure: engineBackpressure(maxBufferedBytes),
      // If it still happens, a closed socket is better than a silent loss.
      closeOnBackpressureLimit: true,
      idleTimeout: idleTimeoutS(maxSilenceMs),
      // The relay sends the pings: it must see who answers, and close by name.
      sendPingsAutomatically: false,
      maxLifetime: 0,
      compression: 0,
      upgrade: upgrades.onUpgrade,
      // Runs inside the cork of the upgrade, where whatever allocates memory endangers the socket (docs/adr/0006). So this
      // is a function of V8 itself: one in JavaScript may be compiled when it is called or when it returns.
      open: this.upgraded.set.bind(this.upgraded, 'newcomer'),
      message: this.onMessage,
      drain: this.onDrain,
      dropped: this.onDropped,
      ping: this.onPing,
      pong: this.onPong,
      close: this.onClose,
    });
    uws.app.any('/*', this.http.onRequest);
  }

  get connections(): number {
    return this.sockets.size;
  }

  /** Bytes that the engine keeps for sockets whose peers have not read them yet. Asks every socket. */
  waitingBytes(): number {
    let bytes = 0;
    for (const socket of this.sockets) bytes += socket.bufferedBytes();
    return bytes;
  }

  /** Resolves with the port. Rejects when the address is taken: otherwise two gateways would silently share it. */
  listen(host: string, port: number): Promise<number> {
    return this.listenOn(host, port, EXCLUSIVE);
  }

  /** Shares the port with other processes: the kernel spreads new connections over them. */
  listenWithOthers(host: string, port: number): Promise<number> {
    return this.listenOn(host, port, SHARED);
  }

  /** Accepts no new TCP connections. Idempotent. */
  stopListening(): void {
    for (const socket of this.listening.splice(0)) this.uws.engine.us_listen_socket_close(socket);
  }

  /**
   * Tells every socket when it will be closed, spread evenly over `windowMs`, and closes each at its time. Resolves
   * when the last is closed. This way clients do not all reconnect at once.
   */
  async closeSpread(name: CloseName, windowMs: number, notice: (afterMs: number) => string): Promise<void> {
    const leaving = [...this.sockets];
    const dueMs = (n: number): number => Math.floor((n * windowMs) / Math.max(1, leaving.length));
    // The first frame of a socket is its welcome: a satellite's may still wait for it.
    for (const [n, socket] of leaving.entries()) if (socket.isGreeted) socket.send(notice(dueMs(n)));
    for (let n = 0, elapsedMs = 0; n < leaving.length; elapsedMs += CLOSE_EVERY_MS) {
      for (; n < leaving.length && dueMs(n) <= elapsedMs; n += 1) leaving[n]?.close(name);
      if (n < leaving.length) await this.pause(CLOSE_EVERY_MS);
    }
    // Close the sockets whose handshake was under way when this began.
    for (const socket of [...this.sockets]) socket.close(name);
  }

  /** Closes everything still open, including idle HTTP connections. Call it last: nothing works afterwards. */
  close(): void {
    this.listening.splice(0);
    this.uws.app.close();
  }

  private listenOn(host: string, port: number, options: typeof EXCLUSIVE | typeof SHARED): Promise<number> {
    return new Promise((resolve, reject) => {
      this.uws.app.listen(host, port, options, (socket) => {
        if (socket === false) {
          reject(
            new Error(
              `cannot listen on ${host}:${String(port)}: the address is in use or does not belong to this machine`,
            ),
          );
          return;
        }
        this.listening.push(socket);
        resolve(this.uws.engine.us_socket_local_port(socket));
      });
    });
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.deps.clock.after(ms, resolve);
    });
  }

  /** Resolves when every accepted request is answered. */
  requestsAnswered(): Promise<void> {
    return this.http.drained();
  }

  private readonly onUpgraded = (): void => {
    const ws = this.upgraded.get('newcomer') ?? null;
    if (ws === null) return;
    this.upgraded.set('newcomer', null);
    const state = ws.getUserData();
    const socket = new UwsSocket(ws, this.uws.outgoing, this.uws.onSubscribing);
    state.socket = socket;
    this.sockets.add(socket);
    this.deps.metrics.tallies.connectionsOpened += 1;
    this.deps.openSockets.onOpened(state.admission);
    this.deps.log.debug('socket_opened', idsOf(state.admission));
    this.uws.admit(socket, () => {
      ws.cork(() => {
        this.begin(state, socket);
      });
    });
  };

  /** Inside a cork: the welcome and the replay leave in one write. */
  private begin(state: SocketState, socket: UwsSocket): void {
    try {
      const handler = state.admission.open(socket);
      // The socket closed while it opened, before a handler was set.
      if (socket.closed) handler.onClose(CLOSED_BY_US);
      else this.opened(state, handler);
    } catch (error) {
      this.failed(error, socket, this.deps.log);
    }
  }

  private opened(state: SocketState, handler: SocketHandler): void {
    state.handler = handler;
    const { clock, metrics } = this.deps;
    const { admission, startedMs } = state;
    const { join } = metrics.timings;
    const values = admission.seatName === null ? join.user_session : join.relay;
    values.observe((clock.monotonicMs() - startedMs) / 1000);
  }

  private readonly onMessage = (ws: EngineSocket<SocketState>, message: ArrayBuffer, isBinary: boolean): void => {
    const { handler, socket } = ws.getUserData();
    if (handler === null) return;
    try {
      const bytes = new Uint8Array(message);
      if (isBinary) handler.onBinary(bytes);
      else handler.onText(bytes);
    } catch (error) {
      this.failed(error, socket, this.deps.log);
    }
  };

  private readonly onDrain = (ws: EngineSocket<SocketState>): void => {
    const { handler, socket } = ws.getUserData();
    try {
      handler?.onDrain();
    } catch (error) {
      this.failed(error, socket, this.deps.log);
    }
  };

  /** Only the newer engine calls this, and only for data beyond its own limit, which is far above the relay's. */
  private readonly onDropped = (ws: EngineSocket<SocketState>): void => {
    const { socket } = ws.getUserData();
    // Do not close inside the engine's own send, which the close would interrupt.
    this.deps.clock.endOfTurn(() => {
      socket?.close('slow_consumer');
    });
  };

  private readonly onPing = (ws: EngineSocket<SocketState>): void => {
    this.onAlive(ws, 'ping');
  };

  private readonly onPong = (ws: EngineSocket<SocketState>): void => {
    this.onAlive(ws, 'pong');
  };

  private onAlive(ws: EngineSocket<SocketState>, sign: LifeSign): void {
    const { handler, socket } = ws.getUserData();
    try {
      handler?.onAlive(sign);
    } catch (error) {
      this.failed(error, socket, this.deps.log);
    }
  }

  private readonly onClose = (ws: Pick<EngineSocket<SocketState>, 'getUserData'>, code: number): void => {
    const { log, metrics } = this.deps;
    const { admission, handler, socket } = ws.getUserData();
    try {
      if (socket === null) {
        // The socket closed inside the cork of its upgrade: no handler knows it.
        this.upgraded.set('newcomer', null);
        admission.abandon();
        return;
      }
      socket.markClosed();
      this.sockets.delete(socket);
      this.deps.openSockets.onClosed(admission);
      metrics.tallies.connectionsClosed += 1;
      metrics.closed(code);
      log.debug('socket_closed', { ...idsOf(admission), code });
      handler?.onClose(code);
    } catch (error) {
      this.failed(error, null, log);
    }
  };

  private failed(error: unknown, socket: UwsSocket | null, log: Log): void {
    this.deps.metrics.tallies.handlerFailures += 1;
    log.error('socket_handler_failed', error);
    try {
      socket?.close('internal_error');
    } catch (second) {
      log.error('socket_close_failed', second);
    }
  }
}

/**
 * Beyond its own limit the engine drops the connection without a code, so this leaves room for the gateway to refuse
 * larger messages by name.
 */
function engineLimit(maxMessageBytes: number): number {
  return Math.max(16 * maxMessageBytes, maxMessageBytes + MAX_RELAY_HEADER_BYTES + 64 * 1024);
}

/**
 * A backstop behind the relay's own bound, which is checked at the end of a turn. Beyond this limit the engine drops
 * the connection without a code, in the middle of a turn. So it leaves room for the most that one turn can bring, even
 * for a small bound: a few sockets' full read buffers (512 KiB each) to one receiver. The engine stores it as an int.
 */
function engineBackpressure(maxBufferedBytes: number): number {
  return Math.min(2 ** 31 - 1, Math.max(4 * maxBufferedBytes, maxBufferedBytes + 64 * 1024 * 1024));
}

/** A backstop behind the relay's own heartbeat deadline. The engine accepts 8 to 960 seconds. */
function idleTimeoutS(silenceMs: number): number {
  return Math.min(960, Math.max(8, Math.ceil((2 * silenceMs) / 1000)));
}
