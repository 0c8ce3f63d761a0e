import type { HttpResponse } from './http.js';

export type IdempotencyStart =
  /** Nobody used this key: the caller runs, then calls `finish` or `forget`. */
  | { readonly outcome: 'started' }
  | { readonly outcome: 'finished'; readonly response: HttpResponse }
  | { readonly outcome: 'running' }
  /** The key was used with another request. */
  | { readonly outcome: 'conflict' };

/**
 * Remembers the answers of mutating calls by the caller's Idempotency-Key.
 * `key` is a digest over caller, method, path and key; `fingerprint` one over the body.
 */
export interface IdempotencyStore {
  /** A start without a finish is forgotten after `runningTtlMs`. */
  start(key: string, fingerprint: string, runningTtlMs: number): Promise<IdempotencyStart>;
  finish(key: string, fingerprint: string, response: HttpResponse, ttlMs: number): Promise<void>;
  forget(key: string): Promise<void>;
}
