/**
 * `Idempotency-Key`: a repeated request gets the first answer for a day. A key belongs to one caller, method and path;
 * a digest tells whether the request is the same. Only final answers are kept: after a 5xx or a 429 the caller should
 * repeat the request. A call that failed after it may have changed something keeps its operation, so that a repeat
 * takes each step only once; see ports/operations.ts. Answers are kept encrypted, including their headers, because an
 * answer may contain a secret that is stored nowhere else (a new API key, a cookie).
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
  /** The caller that the Idempotency-Key belongs to, for example an API key's id. */
  readonly callerId: string;
  /** The decoded path, so that two spellings of a path count as the same. */
  readonly segments: readonly string[];
  readonly matrix: ReadonlyMap<string, string>;
}

const KEPT_MS = 24 * 60 * 60 * 1000;
/**
 * A node that dies during a request blocks the key for this long. A node that is only slow does no harm: each step of
 * an operation takes effect once, whichever node runs it.
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

/** Runs the call as an operation. The id is null without an Idempotency-Key: a repeat is then another operation. */
export type Run = (operationId: string | null) => Promise<Outcome>;

export class Idempotency {
  /** The keys of calls that run here. */
  private readonly running = new Set<string>();
  private readonly owner: string;

  constructor(private readonly deps: IdempotencyDeps) {
    this.owner = this.newId();
  }

  /**
   * Runs the call, or returns its earlier answer. Without an Idempotency-Key it always runs the call. `run` must not
   * reject. Rejects with `invalid_request` for a bad key, `idempotency_conflict`, `idempotency_in_progress` or
   * `store_unavailable`; the call has not run then.
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

  /** Rejects while this node runs a call under the key: in progress for the same request, a conflict for another. */
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
      // The call has taken effect, so the caller gets its answer. A repeat runs the same operation again.
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

  /**
   * Opens a kept answer. If that fails, it was encrypted with another secret: the call has run, but its answer is lost.
   */
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
      // A MAC, because a body may contain a password: from a plain digest, a reader of the store could guess it.
      fingerprint: sealer.mark(JSON.stringify([[...matrix], request.query, body]), 'idempotency'),
    };
  }
}

function isSettled({ status }: HttpResponse): boolean {
  return status < 500 && status !== 429;
}
