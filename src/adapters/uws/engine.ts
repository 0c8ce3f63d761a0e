/** The engine serves sockets and HTTP. These are the parts of uWebSockets.js's interface that the gateway uses. */

export interface EngineRequest {
  getMethod(): string;
  getCaseSensitiveMethod(): string;
  /** The target up to its question mark. */
  getUrl(): string;
  /** At run time undefined without a question mark, although the published types say string. */
  getQuery(): string;
  /** Empty without the header. */
  getHeader(name: string): string;
  /** Names come in lower case. */
  forEach(use: (name: string, value: string) => void): void;
}

export interface EngineResponse {
  onAborted(run: () => void): unknown;
  /** Bytes are valid only during the call. The last call has `isLast`. */
  onData(use: (chunk: ArrayBuffer, isLast: boolean) => void): unknown;
  cork(run: () => void): unknown;
  writeStatus(status: string): unknown;
  writeHeader(name: string, value: string): unknown;
  end(body: string | Uint8Array, close?: boolean): unknown;
  endWithoutBody(length?: number, close?: boolean): unknown;
  /** A piece of a body of unknown length; the first one sends the head. False: some of it waits for the client. */
  write(piece: string): boolean;
  /** Called when nothing waits any more. The engine keeps calling while the handler returns false. */
  onWritable(run: (offset: number) => boolean): unknown;
  /** Closes the connection at once; `onAborted` runs meanwhile. */
  close(): unknown;
  /** 4 or 16 bytes. */
  getRemoteAddress(): ArrayBuffer;
  /** From a header of the PROXY protocol; empty without one. */
  getProxiedRemoteAddress(): ArrayBuffer;
  /** The socket's `getUserData` gives the state. */
  upgrade(state: object, key: string, protocol: string, extensions: string, context: EngineContext): unknown;
}

export interface EngineSocket<UserData> {
  getUserData(): UserData;
  /** 1: written; 0: accepted, waiting for the peer; 2: dropped, because too much waits. */
  send(frame: string | Uint8Array, isBinary: boolean, compress: boolean): number;
  getBufferedAmount(): number;
  ping(): unknown;
  end(code: number, reason: string): unknown;
  cork(run: () => void): unknown;
  subscribe(topic: string): unknown;
  unsubscribe(topic: string): unknown;
  isSubscribed(topic: string): boolean;
  publish(topic: string, frame: string | Uint8Array, isBinary: boolean, compress: boolean): unknown;
}

/** Opaque: each engine has its own kind. */
export type EngineContext = object;
export type ListenSocket = object;

export interface EngineBehavior<UserData> {
  readonly maxPayloadLength: number;
  readonly maxBackpressure: number;
  readonly closeOnBackpressureLimit: boolean;
  readonly idleTimeout: number;
  readonly sendPingsAutomatically: boolean;
  readonly maxLifetime: number;
  readonly compression: number;
  readonly upgrade: (res: EngineResponse, req: EngineRequest, context: EngineContext) => void;
  readonly open: (ws: EngineSocket<UserData>) => unknown;
  readonly message: (ws: EngineSocket<UserData>, message: ArrayBuffer, isBinary: boolean) => void;
  readonly drain?: (ws: EngineSocket<UserData>) => void;
  readonly dropped?: (ws: EngineSocket<UserData>) => void;
  readonly ping?: (ws: EngineSocket<UserData>) => void;
  readonly pong?: (ws: EngineSocket<UserData>) => void;
  /** Also called for an upgrade that fails, before any `open`. */
  readonly close?: (ws: Pick<EngineSocket<UserData>, 'getUserData'>, code: number) => void;
}

/** The parts of all engines that the gateway uses. */
export interface EngineApp {
  ws<UserData>(pattern: string, behavior: EngineBehavior<UserData>): unknown;
  any(pattern: string, handler: (res: EngineResponse, req: EngineRequest) => void): unknown;
  /** The published types lack `options`; every engine accepts it. 0: shared with SO_REUSEPORT. 1: exclusive. */
  listen(host: string, port: number, options: 0 | 1, done: (socket: ListenSocket | false) => void): unknown;
  /** Closes every connection and the listening socket. */
  close(): unknown;
  publish(topic: string, message: string | Uint8Array, isBinary: boolean): boolean;
  numSubscribers(topic: string): number;
}

export interface EngineModule {
  readonly App: () => EngineApp;
  readonly us_listen_socket_close: (socket: ListenSocket) => void;
  readonly us_socket_local_port: (socket: ListenSocket) => number;
}

export interface Engine extends EngineModule {
  /** Package and version, for the first log line and the metrics. */
  readonly name: string;
  /** The faster engines that do not load here, each with its problem. */
  readonly problems: readonly string[];
  /** The engine costs several times the CPU time of the others. */
  readonly isSlow: boolean;
}

export type EngineChoice = 'auto' | '20.51' | '20.57' | 'ws';
