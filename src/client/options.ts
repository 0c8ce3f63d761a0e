import { logListenerError, type ListenerErrorHandler, type Listeners } from './emitter.js';
import { connectUrl, type CredentialSource, type UrlSource } from './handshake.js';
import type { FetchLike } from './probe.js';
import type { ReconnectLimits } from './reconnect.js';
import type { SocketConstructor } from './socket.js';
import { machineTiming, type ClientTiming } from './timing.js';

export interface RelayClientOptions {
  /**
   * The gateway's URL: `relay.ports.client.link` of a session, or the origin alone; ws, wss, http or https. A function is
   * called afresh for each attempt; when it fails, it is called again later. A gateway may name another URL, the home of
   * the session: the client goes there, and comes back to this one when an attempt there fails.
   */
  readonly url: UrlSource;
  /**
   * A relay credential or relay pair, or what gets one. A function is called afresh for each connection that is not a
   * resume; when it fails, it is called again later like any attempt that failed.
   */
  readonly credential: CredentialSource;
  /** Listeners from the first moment on: `on: { message: (m) => ... }`. */
  readonly on?: Listeners | undefined;
  /** Where the platform has none, or a wrapped one; Node 20 takes the `ws` package by itself when it is installed. */
  readonly WebSocket?: SocketConstructor | undefined;
  /** Asks why a handshake was refused. The platform's by default. */
  readonly fetch?: FetchLike | undefined;
  readonly reconnect?:
    | {
        /** The first wait is random, up to this; each failure doubles it. 250 by default. */
        readonly baseMs?: number | undefined;
        /** No wait is drawn from more than this. 10,000 by default. */
        readonly capMs?: number | undefined;
        /** After this long without a connection the client gives up. It never does by default. */
        readonly maxElapsedMs?: number | undefined;
      }
    | undefined;
  readonly queue?:
    | {
        /** How many frames may wait for the link, and how many for their ack. 1024 by default. */
        readonly maxFrames?: number | undefined;
        /** 1 MiB by default. */
        readonly maxBytes?: number | undefined;
        /** With this much in the socket's own buffer frames wait in the queue. 64 KiB by default. */
        readonly highWaterBytes?: number | undefined;
      }
    | undefined;
  /** From the start of an attempt, credential included, to its welcome. 10,000 by default. */
  readonly connectTimeoutMs?: number | undefined;
  /** For tests: the clock, timers and chance. */
  readonly timing?: ClientTiming | undefined;
  /** Hears of what listeners throw. Writes to the console by default. */
  readonly onListenerError?: ListenerErrorHandler | undefined;
}

export interface ResolvedOptions {
  readonly url: UrlSource;
  readonly credential: CredentialSource;
  readonly on: Listeners;
  readonly WebSocket: SocketConstructor | undefined;
  readonly fetch: FetchLike;
  readonly reconnect: ReconnectLimits;
  readonly queue: { readonly maxFrames: number; readonly maxBytes: number; readonly highWaterBytes: number };
  readonly connectTimeoutMs: number;
  readonly timing: ClientTiming;
  readonly onListenerError: ListenerErrorHandler;
}

/** Throws a TypeError when the URL is none. */
export function resolveOptions(options: RelayClientOptions): ResolvedOptions {
  const { reconnect, queue } = options;
  return {
    url: typeof options.url === 'function' ? options.url : connectUrl(options.url),
    credential: options.credential,
    on: options.on ?? {},
    WebSocket: options.WebSocket,
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    reconnect: {
      baseMs: reconnect?.baseMs ?? 250,
      capMs: reconnect?.capMs ?? 10_000,
      maxElapsedMs: reconnect?.maxElapsedMs ?? Infinity,
    },
    queue: {
      maxFrames: queue?.maxFrames ?? 1024,
      maxBytes: queue?.maxBytes ?? 1_048_576,
      highWaterBytes: queue?.highWaterBytes ?? 65_536,
    },
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    timing: options.timing ?? machineTiming,
    onListenerError: options.onListenerError ?? logListenerError,
  };
}
