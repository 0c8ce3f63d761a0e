import type { BusTarget } from './node-bus.js';

/**
 * Carries envelopes between nodes for `NodeBus`, at most once each. Envelopes may be lost at any time. Those that arrive from
 * one sender over one target's channel arrive in order.
 */
export interface BusTransport {
  /** Copies the bytes before it returns. Drops the envelope when it cannot be sent now. Never throws. */
  send(to: BusTarget, envelope: Uint8Array): void;
  /**
   * Starts to receive what is sent to this node and to `all`; this node's own envelopes arrive as well, those to itself and those to `all`. The bytes
   * are valid only during the call. Resolves when envelopes can arrive.
   */
  start(receive: (envelope: Uint8Array) => void): Promise<void>;
  /** Why envelopes are refused for good, such as a missing right; null while none is known to be. */
  refusal(): string | null;
  /** Called when this node's own envelopes do not come back although the transport seems well: connects again. */
  reconnect(): void;
  /** Idempotent. */
  stop(): Promise<void>;
}
