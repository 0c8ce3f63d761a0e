import type { HttpResponse } from './http.js';

export type IdempotencyStart =
  /**
   * No other process runs this call. The caller runs it as `operationId`, then calls `finish`, `release` or `forget`.
   * The id is the caller's own, or the id of an earlier try whose outcome is unknown.
   */
  | { readonly outcome: 'started'; readonly operationId: string }
  | { readonly outcome: 'finished'; readonly response: HttpResponse }
  | { readonly outcome: 'running' }
  /** The key was used with a different request. */
  | { readonly outcome: 'conflict' };

export interface IdempotentCall {
  /** Digest of caller, method, path and Idempotency-Key. */
  readonly key: string;
  /** Digest of the request content. */
  readonly fingerprint: string;
  /** The operation id to use unless an earlier try already has one. */
  readonly operationId: string;
  /**
   * The process that runs the call. A process calls `start` again with its own `owner` only after its own run has
   * ended.
   */
  readonly owner: string;
  /** How long other processes consider the call as running, in ms. */
  readonly runningTtlMs: number;
  /** How long the store remembers the call, in ms. */
  readonly ttlMs: number;
}

/** Remembers the answers of mutating calls by the caller's Idempotency-Key, and the operation id of each call. */
export interface IdempotencyStore {
  start(call: IdempotentCall): Promise<IdempotencyStart>;
  /** Does nothing when the key belongs to another operation by now. */
  finish(key: string, operationId: string, response: HttpResponse): Promise<void>;
  /** The call ended and its effect is unknown: a repeat continues the same operation. */
  release(key: string, operationId: string): Promise<void>;
  /** The call did nothing: the key becomes unused again. */
  forget(key: string, operationId: string): Promise<void>;
}
