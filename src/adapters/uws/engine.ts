/** The engine: two builds of uWebSockets.js are installed, and this file picks the newer one if it loads. */
import { createRequire } from 'node:module';
import type {
  HttpRequest,
  HttpResponse,
  us_listen_socket,
  us_socket_context_t,
  WebSocket,
  WebSocketBehavior,
} from 'uws-current';
import { MAX_HEAD_BYTES } from './header-guard.js';

export type EngineRequest = HttpRequest;
export type EngineResponse = HttpResponse;
export type EngineSocket<UserData> = WebSocket<UserData>;
export type EngineContext = us_socket_context_t;
export type ListenSocket = us_listen_socket;

/** The parts of both builds that the gateway uses. */
export interface EngineApp {
  ws<UserData>(pattern: string, behavior: WebSocketBehavior<UserData>): unknown;
  any(pattern: string, handler: (res: EngineResponse, req: EngineRequest) => void): unknown;
  /** The published types lack `options`; both builds accept it. 0: shared with SO_REUSEPORT. 1: exclusive. */
  listen(host: string, port: number, options: 0 | 1, done: (socket: ListenSocket | false) => void): unknown;
  /** Closes every connection and the listening socket. */
  close(): unknown;
  publish(topic: string, message: string | Uint8Array, isBinary: boolean): boolean;
}

interface EngineModule {
  readonly App: () => EngineApp;
  readonly us_listen_socket_close: (socket: ListenSocket) => void;
  readonly us_socket_local_port: (socket: ListenSocket) => number;
}

export interface Engine extends EngineModule {
  /** Package and version, for the first log line and the metrics. */
  readonly name: string;
}

/**
 * The newer build answers heads over 4 KiB with its own 431, unless this environment variable sets another size at load
 * time. An operator's value is overridden: the gateway documents its own limit. The value is twice that limit, because
 * the engine counts parts that the guard does not (blanks, the method), and the guard must see a head to refuse it by
 * name. The older build ignores the variable.
 */
const ENGINE_HEAD_LIMIT = 'UWS_HTTP_MAX_HEADERS_SIZE';

interface Build {
  readonly name: string;
  readonly load: () => unknown;
}

/** Throws with the problem of each build when none loads. */
export function loadEngine(): Engine {
  const require = createRequire(import.meta.url);
  process.env[ENGINE_HEAD_LIMIT] = String(2 * MAX_HEAD_BYTES);
  const { platform, arch, versions } = process;
  const builds: readonly Build[] = [
    { name: 'uWebSockets.js 20.57.0', load: (): unknown => require('uws-current') },
    { name: 'uWebSockets.js 20.51.0', load: (): unknown => require('uws-portable') },
  ];
  const problems: string[] = [];
  for (const { name, load } of builds) {
    try {
      const module = load();
      if (isEngine(module)) return { ...pick(module), name };
      problems.push(`${name}: loaded, but it is not the engine`);
    } catch (error) {
      problems.push(`${name}: ${firstLine(error)}`);
    }
  }
  throw new Error(
    `No build of uWebSockets.js loads on ${platform} ${arch} with Node ${versions.node}. What loads where is in the ` +
      `README, "The WebSocket engine"; the container image runs everywhere.\n  ${problems.join('\n  ')}`,
  );
}

function isEngine(module: unknown): module is EngineModule {
  if (typeof module !== 'object' || module === null) return false;
  const has = (name: string): boolean => typeof Reflect.get(module, name) === 'function';
  return has('App') && has('us_listen_socket_close') && has('us_socket_local_port');
}

function pick({ App, us_listen_socket_close, us_socket_local_port }: EngineModule): EngineModule {
  return { App, us_listen_socket_close, us_socket_local_port };
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n').findLast((line) => line.trim() !== '') ?? text).trim();
}
