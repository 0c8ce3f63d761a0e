import type { BusTarget } from './node-bus.js';

/**
 * Carries packets between nodes for `NodeBus`, at most once each. Packets may be lost at any time. Those that arrive from
 * one sender over one target's channel arrive in order.
 */
export interface BusTransport {
  /** Copies the bytes before it returns. Drops the packet when it cannot be sent now. Never throws. */
  send(to: BusTarget, packet: Uint8Array): void;
  /**
   * Starts to receive what is sent to this node and to `all`; this node's own packets to `all` arrive as well. The bytes
   * are valid only during the call. Resolves when packets can arrive.
   */
  start(receive: (packet: Uint8Array) => void): Promise<void>;
  /** Called when this node's own packets do not come back although the transport seems well: connects again. */
  reconnect(): void;
  /** Idempotent. */
  stop(): Promise<void>;
}
