import type { NodeId } from '../protocol/ids.js';

/** One other node, or every other node. */
export type BusTarget = NodeId | 'all';

/** Bytes are valid only during the call. */
export type MessageListener = (from: NodeId, bytes: Uint8Array) => void;
export type LossListener = (from: NodeId) => void;

/**
 * Messages between the nodes of a cluster. What one node sends to another arrives once and in the order of sending, or
 * the receiver hears `onLost` within 500 ms; messages to `all` and messages to one node are two orders. The bus sends
 * nothing again: the listener of `onLost` compares what it holds with the state's owner (the store, or the home).
 * A node never receives its own messages.
 */
export interface NodeBus {
  /** Neither waits nor throws. Copies the bytes before it returns. What is sent in one turn leaves together at its end. */
  send(to: BusTarget, bytes: Uint8Array): void;
  /** Sends at once what would leave at the end of the turn. */
  flush(): void;
  /** Adds a listener. Add it before `start`. A listener must not throw. */
  onMessage(listen: MessageListener): void;
  /**
   * Adds a listener, called when messages of a node are missing, when the node falls silent, and when it sends again
   * after that. A node that is gone is reported only once.
   */
  onLost(listen: LossListener): void;
  /** Resolves when this node can receive, or after two seconds. Never rejects: the transport keeps trying. */
  start(): Promise<void>;
  /** Sends what waits, then closes. Idempotent. */
  stop(): Promise<void>;
}
