import { logListenerError, type ListenerErrorHandler, type Listeners } from './emitter.js';
import { connectUrls, type UrlSource } from './address.js';
import type { CredentialSource } from './handshake.js';
import type { FetchLike } from './probe.js';
import type { ReconnectLimits } from './reconnect.js';
import type { SocketConstructor } from './socket.js';
import type { AppStateLike } from './surroundings.js';
import { machineTiming, type ClientTiming } from './timing.js';

export interface RelayClientOptions {
  /**
   * The gateway's URL: `relay.ports.client.link` of a session, or the origin alone; ws, wss, http or https. With a list,
   * each failed attempt leads to the next URL. A function returns one of these; it is called afresh for each attempt, and
   * again later when it fails. A gateway may name another URL, the home of
   * the session: the client goes there, and comes back to this one when an attempt there fails.
   */
  readonly url: UrlSource;
  /**
   * A relay credential or relay pair, or a function that gets one. The client calls the function for each connection
   * that is not a resume. A failure of the function counts as a failed attempt, and the client tries again later.
   */
  readonly credential: CredentialSource;
  /** Listeners that are added before anything happens: `on: { message: (m) => ... }`. */
  readonly on?: Listeners | undefined;
  /** A WebSocket class for a platform without one. On Node 20 the client finds an installed `ws` package by itself. */
  readonly WebSocket?: SocketConstructor | undefined;
  /** Used to ask why a handshake was refused. The platform's `fetch` by default. */
  readonly fetch?: FetchLike | undefined;
  readonly reconnect?:
    | {
        /** The first wait is a random time up to this; each failure doubles the bound. 250 by default. */
        readonly baseMs?: number | undefined;
        /** No wait is longer than this. 10,000 by default. */
        readonly capMs?: number | undefined;
        /** The client gives up after this long without a connection. By default it never does. */
        readonly maxElapsedMs?: number | undefined;
      }
    | undefined;
  readonly queue?:
    | {
        /** How many frames may wait for the link, and how many for their ack. 1024 by default. */
        readonly maxFrames?: number | undefined;
        /** How many bytes of frames may wait for the link. 1 MiB by default. */
        readonly maxBytes?: number | undefined;
        /** While the socket's own buffer holds this much, frames wait in the queue. 64 KiB by default. */
        readonly highWaterBytes?: number | undefined;
      }
    | undefined;
  /**
   * The longest time from the start of an attempt, before it gets the credential, to its welcome. 10,000 by default.
   */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * The longest time from `connect()` to the first welcome, over all attempts. Then the client is closed with `gave_up`.
   * 30,000 by default; Infinity: no limit.
   */
  readonly firstConnectTimeoutMs?: number | undefined;
  /** React Native's `AppState`: the client tries to connect when the application comes to the front. */
  readonly appState?: AppStateLike | undefined;
  /** For tests: the clock, timers and random numbers. */
  readonly timing?: ClientTiming | undefined;
  /** Gets the errors that listeners throw. Writes to the console by default. */
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
  readonly firstConnectTimeoutMs: number;
  readonly appState: AppStateLike | undefined;
  readonly timing: ClientTiming;
  readonly onListenerError: ListenerErrorHandler;
}

/** Throws a TypeError for an invalid URL. */
export function resolveOptions(options: RelayClientOptions): ResolvedOptions {
  const { reconnect, queue } = options;
  return {
    url: checkedUrl(options.url),
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
    firstConnectTimeoutMs: options.firstConnectTimeoutMs ?? 30_000,
    appState: options.appState,
    timing: options.timing ?? machineTiming,
    onListenerError: options.onListenerError ?? logListenerError,
  };
}

function checkedUrl(url: UrlSource): UrlSource {
  return typeof url === 'function' ? url : connectUrls(url).map(({ href }) => href);
}
