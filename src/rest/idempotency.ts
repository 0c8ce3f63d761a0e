/**
 * `Idempotency-Key`: one answer for one request, however often it is sent within a day. The key counts for one
 * caller, method and path; what was sent is compared by digest. Only settled answers are kept: a 5xx and a 429 say that the
 * same request is to come again.
 * They are kept sealed, headers too, since an answer may hold a secret that is nowhere else (a new API key, a cookie).
 */
import { z } from 'zod';
import { Failure } from '../protocol/failure.js';
import type { Crypto } from '../ports/crypto.js';
import type { HttpRequest, HttpResponse } from '../ports/http.js';
import type { IdempotencyStore } from '../ports/idempotency-store.js';
import type { Log } from '../ports/log.js';
import type { Sealer } from '../ports/sealer.js';

export interface IdempotencyDeps {
  readonly store: IdempotencyStore;
  readonly crypto: Crypto;
  readonly sealer: Sealer;
  readonly log: Log;
}

export interface IdempotentRequest {
  readonly request: HttpRequest;
  /** Whose key it is: the API key's id, or root. */
  readonly callerId: string;
  /** The decoded path, so that one path written in two ways is one. */
  readonly segments: readonly string[];
  readonly matrix: ReadonlyMap<string, string>;
}

const KEPT_MS = 24 * 60 * 60 * 1000;
/** A node that dies during a request holds the key no longer than this. */
const RUNNING_TTL_MS = 60_000;
const keptSchema = z.object({ headers: z.record(z.string(), z.string()).optional(), body: z.string().optional() });
const KEY = /^[\x21-\x7e]{1,255}$/;

export class Idempotency {
  constructor(private readonly deps: IdempotencyDeps) {}

  /**
   * Runs the call, or answers with what it answered before. Without an Idempotency-Key it just runs.
   * `run` never rejects. Rejects itself with `invalid_request` for a bad key, `idempotency_conflict`,
   * `idempotency_in_progress` or `store_unavailable`; the call has not run then.
   */
  async answer(call: IdempotentRequest, run: () => Promise<HttpResponse>): Promise<HttpResponse> {
    const sent = call.request.headers.get('idempotency-key');
    if (sent === undefined) return run();
    if (!KEY.test(sent)) {
      throw new Failure('invalid_request', { message: 'Idempotency-Key: 1 to 255 visible ASCII characters' });
    }
    const { key, fingerprint } = this.digest(call, sent);
    const start = await this.deps.store.start(key, fingerprint, RUNNING_TTL_MS);
    switch (start.outcome) {
      case 'finished':
        return this.replayed(start.response, key);
      case 'running':
        throw new Failure('idempotency_in_progress');
      case 'conflict':
        throw new Failure('idempotency_conflict');
      case 'started':
        return this.runAndKeep(call.request, key, fingerprint, run);
    }
  }

  private async runAndKeep(
    request: HttpRequest,
    key: string,
    fingerprint: string,
    run: () => Promise<HttpResponse>,
  ): Promise<HttpResponse> {
    const response = await run();
    const { store, log } = this.deps;
    try {
      if (isSettled(response)) await store.finish(key, fingerprint, this.sealed(response, key), KEPT_MS);
      else await store.forget(key);
    } catch (error) {
      // The call is done and its answer is true: the caller gets it, and only a repeat of it is not covered.
      log.error('idempotency_not_kept', error, { request_id: request.id });
    }
    return response;
  }

  private sealed({ status, headers, body }: HttpResponse, key: string): HttpResponse {
    return { status, body: this.deps.sealer.seal(JSON.stringify({ headers, body }), key) };
  }

  /** An answer that does not open was sealed under another secret: the call has run, and cannot be answered again. */
  private replayed(kept: HttpResponse, key: string): HttpResponse {
    const text = this.deps.sealer.open(kept.body ?? '', key);
    if (text === null) throw new Failure('idempotency_conflict');
    const { headers, body } = keptSchema.parse(JSON.parse(text));
    return {
      status: kept.status,
      headers: { ...headers, 'Idempotent-Replayed': 'true' },
      ...(body === undefined ? {} : { body }),
    };
  }

  private digest(call: IdempotentRequest, sent: string): { readonly key: string; readonly fingerprint: string } {
    const { request, callerId, segments, matrix } = call;
    const { crypto, sealer } = this.deps;
    const body = Buffer.from(request.body).toString('base64');
    return {
      key: crypto.sha256(JSON.stringify([callerId, request.method, segments, sent])),
      // A body may hold a password, which a plain digest would give to whoever reads the store and can guess.
      fingerprint: sealer.mark(JSON.stringify([[...matrix], request.query, body]), 'idempotency'),
    };
  }
}

function isSettled({ status }: HttpResponse): boolean {
  return status < 500 && status !== 429;
}
