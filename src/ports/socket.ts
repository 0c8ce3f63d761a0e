import type { CloseName } from '../protocol/close-codes.js';

/**
 * One WebSocket, as the relay sees it. Calls after it closed do nothing: the engine's traps
 * (calls on a closed socket throw) end in the adapter.
 */
export interface ClientSocket {
  /** Text goes out as a text frame, bytes as a binary one. Order is kept with `publish` of topics it is in. */
  send(frame: string | Uint8Array): void;
  /**
   * Sends what waits, then a close frame with the code and, as its reason, the name. The socket leaves its topics at once.
   */
  close(name: CloseName): void;
  /** Bytes that wait for the peer to read. 0 when closed. */
  bufferedBytes(): number;
  subscribe(topic: string): void;
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
  /** `size` is the length in bytes. */
  onText(text: string, size: number): void;
  /** The bytes are only valid during the call. */
  onBinary(bytes: Uint8Array): void;
  /** The socket is gone; no call follows. `code` is 1006 when no close frame came. */
  onClose(code: number): void;
}
