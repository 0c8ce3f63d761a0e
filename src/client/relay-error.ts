import type { ErrorCode } from '../protocol/errors.js';

/** Codes for frames and calls that the SDK itself refuses or gives up. */
export type ClientErrorCode =
  /** The client was stopped, has left, or was closed for good. */
  | 'closed'
  /** There is no open connection, and the call is one that must not wait for the next. */
  | 'not_connected'
  /** The outgoing queue is at its bound. */
  | 'queue_full'
  /** The link was lost before the answer came: the frame may have been relayed, or not. It is not sent again. */
  | 'unknown_outcome'
  /** A newer frame of class latest with the same key took its place before it was sent. */
  | 'conflated'
  /** Volatile (or latest, and the queue was full), and the link could not take it. */
  | 'dropped'
  /** No answer in time. */
  | 'timeout'
  /** This platform has no WebSocket. */
  | 'websocket_missing'
  /** `reconnect.maxElapsedMs` has passed without a connection. */
  | 'gave_up'
  /** The `credential` function failed. */
  | 'credential_failed'
  /** Nothing answers at the URL, or not as a gateway does. */
  | 'unreachable';

/** A code of the SDK, or one of the gateway's error catalogue; a newer gateway may know more. */
export type RelayErrorCode = ClientErrorCode | ErrorCode | (string & Record<never, never>);

/** Every error that the SDK throws or rejects with, except a RangeError for arguments that no frame can hold. */
export class RelayError extends Error {
  constructor(
    readonly code: RelayErrorCode,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.name = 'RelayError';
  }
}
