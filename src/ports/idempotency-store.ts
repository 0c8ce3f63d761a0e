import type { HttpResponse } from './http.js';

export type IdempotencyStart =
  /**
   * Nobody runs this call: the caller runs it as `operationId`, then calls `finish`, `release` or `forget`. The id is the
   * caller's own, or that of an earlier try whose outcome is not known.
   */
  | { readonly outcome: 'started'; readonly operationId: string }
  | { readonly outcome: 'finished'; readonly response: HttpResponse }
  | { readonly outcome: 'running' }
  /** The key was used with another request. */
  | { readonly outcome: 'conflict' };

export interface IdempotentCall {
  /** A digest over caller, method, path and Idempotency-Key. */
  readonly key: string;
  /** A digest over what was sent. */
  readonly fingerprint: string;
  /** What the call is run as, unless an earlier try of it has an id. */
  readonly operationId: string;
  /** Which process runs it. It asks again itself only when it does not run the call any more. */
  readonly owner: string;
  /** How long another process takes it for running, in ms. */
  readonly runningTtlMs: number;
  /** How long all of it is remembered, in ms. */
  readonly ttlMs: number;
}

/** Remembers the answers of mutating calls by the caller's Idempotency-Key, and which operation each call is. */
export interface IdempotencyStore {
  start(call: IdempotentCall): Promise<IdempotencyStart>;
  /** Nothing when the key is another operation's by now. */
  finish(key: string, operationId: string, response: HttpResponse): Promise<void>;
  /** The call has ended, and what it did is not known: a repeat goes on with the same operation. */
  release(key: string, operationId: string): Promise<void>;
  /** The call did nothing: the key is as if it was never used. */
  forget(key: string, operationId: string): Promise<void>;
}
