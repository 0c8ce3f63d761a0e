import type { CloseName } from '../protocol/close-codes.js';

/**
 * One WebSocket, as the relay sees it. Calls after close do nothing: the engine throws on them, and the adapter catches
 * that.
 */
export interface ClientSocket {
  /**
   * Sends text as a text frame and bytes as a binary frame, in order with frames published to the socket's topics.
   * False when the kernel did not take everything, because the peer reads too slowly. Copies the bytes before it
   * returns.
   */
  send(frame: string | Uint8Array): boolean;
  /** Sends a ping frame. The handler gets the peer's pong as `onAlive`. */
  ping(): void;
  /**
   * Sends buffered data, then a close frame with the code and the name as its reason. The socket leaves its topics at
   * once. Calls the handler's `onClose` before it returns.
   */
  close(name: CloseName): void;
  /** Bytes that wait for the peer to read; 0 when closed. */
  bufferedBytes(): number;
  subscribe(topic: string): void;
  /** Frames published to the topic before this call still arrive. */
  unsubscribe(topic: string): void;
  /** Sends to every socket in the topic except this one. */
  publishToOthers(topic: string, frame: string | Uint8Array): void;
}

/** Fan-out to the sockets of a topic. */
export interface Broadcaster {
  /**
   * Sends to every socket in the topic except one (null: no exception), which need not be in the topic. Encodes and frames
   * once. Copies the bytes before it returns.
   */
  publish(topic: string, frame: string | Uint8Array, except: ClientSocket | null): void;
}

/** The frame that arrived: a ping of the peer, or its answer to a ping of the gateway. */
export type LifeSign = 'ping' | 'pong';

/** Events of a socket. Each event causes one call, in order. */
export interface SocketHandler {
  /** The UTF-8 bytes of a text frame. They are valid only during the call. */
  onText(bytes: Uint8Array): void;
  /** The bytes are valid only during the call. */
  onBinary(bytes: Uint8Array): void;
  /** A ping or a pong arrived. */
  onAlive(sign: LifeSign): void;
  /** Some buffered bytes were written: there may be room for more. */
  onDrain(): void;
  /** The socket is closed; no more calls follow. `code` is 1006 when no close frame came. */
  onClose(code: number): void;
}

/** Handler for a socket that was closed before use. */
export const closedSocket: SocketHandler = {
  onText: () => undefined,
  onBinary: () => undefined,
  onAlive: () => undefined,
  onDrain: () => undefined,
  onClose: () => undefined,
};
