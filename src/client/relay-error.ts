import type { ErrorCode } from '../protocol/errors.js';

/** Codes of the SDK itself, for frames and calls that it refuses or gives up. */
export type ClientErrorCode =
  /** The client was stopped, has left, or was closed for good. */
  | 'closed'
  /** There is no open connection, and the call does not wait for the next one. */
  | 'not_connected'
  /** The outgoing queue is at its bound. */
  | 'queue_full'
  /** The link was lost before the answer came. The frame may have been relayed or not, and is not sent again. */
  | 'unknown_outcome'
  /** A newer frame of class latest with the same key replaced it before it was sent. */
  | 'conflated'
  /** The link could not take the frame. It was volatile, or it was latest and the queue was full. */
  | 'dropped'
  /** No answer came in time. */
  | 'timeout'
  /** This platform has no WebSocket. */
  | 'websocket_missing'
  /** `reconnect.maxElapsedMs`, or `firstConnectTimeoutMs`, has passed without a connection. `cause` says what went wrong last. */
  | 'gave_up'
  /** The `credential` function failed; `cause` is what it threw. */
  | 'credential_failed'
  /** The `url` function failed, or gave no WebSocket URL. */
  | 'url_failed'
  /** The WebSocket class gave a message that is neither text nor bytes. */
  | 'unreadable_data'
  /** Nothing answers at the URL, or something that is not a gateway. */
  | 'unreachable';

/** A code of the SDK, or of the gateway's error catalogue. A newer gateway may have more. */
export type RelayErrorCode = ClientErrorCode | ErrorCode | (string & Record<never, never>);

/** Every error that the SDK throws or rejects with, except a TypeError or RangeError for arguments that no frame can hold. */
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
