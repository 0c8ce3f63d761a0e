/**
 * `Idempotency-Key`: one answer for one request, however often it is sent within a day. The key counts for one
 * caller, method and path; what was sent is compared by digest. Only settled answers are kept: a 5xx and a 429 say that the
 * same request is to come again. A call that failed and may have changed something stays the same operation, whose steps a
 * repeat takes once; see ports/operations.ts.
 * They are kept sealed, headers too, since an answer may hold a secret that is nowhere else (a new API key, a cookie).
 */
import { z } from 'zod';
import { Failure } from '../protocol/failure.js';
import type { Crypto } from '../ports/crypto.js';
import type { HttpRequest, HttpResponse } from '../ports/http.js';
import type { IdempotencyStart, IdempotencyStore } from '../ports/idempotency-store.js';
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
/**
 * A node that dies during a request holds the key no longer than this. One that only takes long is harmless: each step of an
 * operation takes effect once, whoever runs it.
 */
const RUNNING_TTL_MS = 5_000;
const ID_BYTES = 18;
const keptSchema = z.object({ headers: z.record(z.string(), z.string()).optional(), body: z.string().optional() });
const KEY = /^[\x21-\x7e]{1,255}$/;

/** The outcome of a call. */
export interface Outcome {
  readonly response: HttpResponse;
  /** Whether something may have changed. */
  readonly mayHaveChanged: boolean;
}

/** Runs the call as an operation; the id is null when a repeat is another operation. */
export type Run = (operationId: string | null) => Promise<Outcome>;

export class Idempotency {
  /** The keys of calls that run here. */
  private readonly running = new Set<string>();
  private readonly owner: string;

  constructor(private readonly deps: IdempotencyDeps) {
    this.owner = this.newId();
  }

  /**
   * Runs the call, or answers with what it answered before. Without an Idempotency-Key it just runs.
   * `run` never rejects. Rejects itself with `invalid_request` for a bad key, `idempotency_conflict`,
   * `idempotency_in_progress` or `store_unavailable`; the call has not run then.
   */
  async answer(call: IdempotentRequest, run: Run): Promise<HttpResponse> {
    const sent = call.request.headers.get('idempotency-key');
    if (sent === undefined) return (await run(null)).response;
    if (!KEY.test(sent)) {
      throw new Failure('invalid_request', { message: 'Idempotency-Key: 1 to 255 visible ASCII characters' });
    }
    const { key, fingerprint } = this.digest(call, sent);
    if (this.running.has(key)) return this.answerBeside(key, fingerprint);
    this.running.add(key);
    try {
      const start = await this.start(key, fingerprint, this.owner);
      switch (start.outcome) {
        case 'finished':
          return this.replayed(start.response, key);
        case 'running':
          throw new Failure('idempotency_in_progress');
        case 'conflict':
          throw new Failure('idempotency_conflict');
        case 'started':
          return await this.runAndKeep(call.request, key, start.operationId, run);
      }
    } finally {
      this.running.delete(key);
    }
  }

  /** This node runs a call under the key: another request is a conflict all the same, and the same one is in progress. */
  private async answerBeside(key: string, fingerprint: string): Promise<never> {
    const { outcome } = await this.start(key, fingerprint, `${this.owner} beside`);
    throw new Failure(outcome === 'conflict' ? 'idempotency_conflict' : 'idempotency_in_progress');
  }

  private start(key: string, fingerprint: string, owner: string): Promise<IdempotencyStart> {
    const call = { key, fingerprint, owner, operationId: this.newId() };
    return this.deps.store.start({ ...call, runningTtlMs: RUNNING_TTL_MS, ttlMs: KEPT_MS });
  }

  private async runAndKeep(request: HttpRequest, key: string, operationId: string, run: Run): Promise<HttpResponse> {
    const { response, mayHaveChanged } = await run(operationId);
    const { store, log } = this.deps;
    try {
      if (isSettled(response)) await store.finish(key, operationId, this.sealed(response, key));
      else if (mayHaveChanged) await store.release(key, operationId);
      else await store.forget(key, operationId);
    } catch (error) {
      // The call is done and its answer is true: the caller gets it. A repeat runs the same operation again.
      log.error('idempotency_not_kept', error, { request_id: request.id });
    }
    return response;
  }

  private newId(): string {
    return Buffer.from(this.deps.crypto.randomBytes(ID_BYTES)).toString('base64url');
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
