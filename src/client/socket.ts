/**
 * The part of a WebSocket that the SDK uses, and where it finds one: the given class, the platform's, or the `ws`
 * package.
 */
import type { Cutter } from './node-socket.js';
import { RelayError } from './relay-error.js';

export interface SocketEvent {
  readonly type: string;
  /** Set on `message` events. */
  readonly data?: unknown;
  /** Set on `close` events. */
  readonly code?: number;
  readonly reason?: string;
}

export interface SocketLike {
  binaryType: string;
  /** 1: open. */
  readonly readyState: number;
  /** Absent in React Native. */
  readonly bufferedAmount?: number | undefined;
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: SocketEvent) => void): void;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  /** Only `ws` has it: ends the connection without waiting for the peer. */
  terminate?(): void;
}

/** A socket, and how to end its connection where it cannot do that by itself. */
export interface OpenedSocket {
  readonly socket: SocketLike;
  readonly cutter: Cutter;
}

/** `WebSocket` as browsers, Node 22 and later, and the `ws` package have it. */
export type SocketConstructor = new (url: string, protocols: string[]) => SocketLike;

/** Rejects with `websocket_missing` where there is none. */
export async function findSocketConstructor(given: SocketConstructor | undefined): Promise<SocketConstructor> {
  const platform: unknown = given ?? Reflect.get(globalThis, 'WebSocket');
  const found: unknown = platform ?? (await importWs());
  if (isSocketConstructor(found)) return found;
  throw new RelayError('websocket_missing', 'Install ws, or give options.WebSocket.');
}

/** For Node 20. The name is not a literal, so that bundlers leave it alone: browsers never come here. */
async function importWs(): Promise<unknown> {
  const name = ['w', 's'].join('');
  try {
    const module: unknown = await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
    return typeof module === 'object' && module !== null ? Reflect.get(module, 'WebSocket') : null;
  } catch {
    return null;
  }
}

function isSocketConstructor(value: unknown): value is SocketConstructor {
  return typeof value === 'function';
}
