import type { DeliveryClass } from '../protocol/wire.js';

/** One relayed message for a member that reads too slowly to share the others' frames. */
export interface OfferedEntry {
  readonly sender: number;
  readonly deliveryClass: DeliveryClass;
  readonly targeted: boolean;
  /** The key of class latest, the sequence number of class reliable, else 0. */
  readonly keyOrSeq: number;
  /** May be a view on bytes that are reused: a receiver that keeps it copies it. */
  readonly payload: Uint8Array;
}

/**
 * The members that a room sends to, wherever their sockets are. Each member receives frames in the order of these calls.
 * Bytes are copied before a call returns. A frame for a member without a socket goes nowhere.
 */
export interface Audience {
  /** True while some members are slow: the room offers them each entry, and `publish` passes them by. */
  readonly hasSlow: boolean;
  isSlow(index: number): boolean;
  /** Sends a batch to every member that is not slow, except one; null: no exception. */
  publish(frame: string | Uint8Array, except: number | null): void;
  /** Sends a control frame to every member, slow or not, except one; null: no exception. */
  announce(text: string, except: number | null): void;
  /** Sends a frame to one member alone. */
  send(to: number, frame: string | Uint8Array): void;
  /** Offers an entry to the slow members among `targets` (null: all), except its sender: kept, conflated or dropped by class. */
  offer(entry: OfferedEntry, targets: Uint16Array | null): void;
}
