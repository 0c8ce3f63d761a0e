import type { CloseName } from '../protocol/close-codes.js';

/**
 * One WebSocket, as the relay sees it. Calls after it closed do nothing: the engine's traps
 * (calls on a closed socket throw) end in the adapter.
 */
export interface ClientSocket {
  /**
   * Text goes out as a text frame, bytes as a binary one. Order is kept with what was published to topics it is in.
   * False when not all of it could be handed to the kernel: the peer does not keep up. The bytes are copied before the
   * call returns.
   */
  send(frame: string | Uint8Array): boolean;
  /** A ping frame: whoever is there answers with a pong, which the handler hears as `onAlive`. */
  ping(): void;
  /**
   * Sends what waits, then a close frame with the code and, as its reason, the name. The socket leaves its topics at
   * once, and the handler hears `onClose` before this returns.
   */
  close(name: CloseName): void;
  /** Bytes that wait for the peer to read. 0 when closed. */
  bufferedBytes(): number;
  subscribe(topic: string): void;
  /** What was published to the topic before still arrives. */
  unsubscribe(topic: string): void;
  /** To every socket in the topic but this one. */
  publishToOthers(topic: string, frame: string | Uint8Array): void;
}

/** Fan-out within this process. */
export interface Broadcaster {
  /** To every socket in the topic; encoded and framed once. The bytes are copied before the call returns. */
  publish(topic: string, frame: string | Uint8Array): void;
}

/** What a socket does to the relay. Every call is made once per event, in order. */
export interface SocketHandler {
  /** The bytes of a text frame, in UTF-8. They are only valid during the call. */
  onText(bytes: Uint8Array): void;
  /** The bytes are only valid during the call. */
  onBinary(bytes: Uint8Array): void;
  /** A ping or a pong came. */
  onAlive(): void;
  /** Something of what waited was written: there may be room for more. */
  onDrain(): void;
  /** The socket is gone; no call follows. `code` is 1006 when no close frame came. */
  onClose(code: number): void;
}

/** For a socket that was closed before anything could be done with it. */
export const closedSocket: SocketHandler = {
  onText: () => undefined,
  onBinary: () => undefined,
  onAlive: () => undefined,
  onDrain: () => undefined,
  onClose: () => undefined,
};
