/**
 * The way of a request: path, method, size, caller, idempotency, handler, answer. This is the one place where REST turns
 * errors into output. An error without a code in the catalogue is logged with its cause and leaves as `internal`.
 */
import { Failure } from '../protocol/failure.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import type { Sealer } from '../ports/sealer.js';
import type { HttpHandler, HttpRequest, HttpResponse } from '../ports/http.js';
import type { IdempotencyStore } from '../ports/idempotency-store.js';
import type { Log } from '../ports/log.js';
import type { Operation, Operations } from '../ports/operations.js';
import type { Metrics } from '../ports/metrics.js';
import type { KeyVerifier } from './auth.js';
import { Idempotency, type Outcome } from './idempotency.js';
import { methodOf, type Arriving } from './method.js';
import { parsePath } from './path.js';
import { writeFailure } from './error-response.js';
import { finishResponse, writeReply } from './reply.js';
import type { Admitted } from './route.js';
import { RouteTree, type Match } from './route-tree.js';
import type { ServedSurface, Surface } from './surface.js';

export interface RouterDeps {
  readonly keys: KeyVerifier;
  readonly idempotency: IdempotencyStore;
  readonly operations: Operations;
  readonly crypto: Crypto;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'answered'>;
  readonly maxBodyBytes: number;
  /** The surface whose shape the answer has when a path belongs to none. */
  readonly fallback: Surface;
  /** Whether this node is shutting down. */
  readonly draining: () => boolean;
}

export interface Router {
  readonly handle: HttpHandler;
  /** Makes the answer for a request that the server itself refuses (body too large, deadline), in the shape of its path. */
  readonly refuse: (request: Omit<HttpRequest, 'body'>, failure: Failure) => HttpResponse;
}

type RouteMatch = Extract<Match, { readonly kind: 'route' }>;

export function createRouter(served: readonly ServedSurface[], deps: RouterDeps): Router {
  const { clock, log, metrics } = deps;
  const tree = new RouteTree(served);
  const overrides = served.flatMap(({ surface }) => surface.methodOverride ?? []);
  const idempotency = new Idempotency({ store: deps.idempotency, crypto: deps.crypto, sealer: deps.sealer, log });

  async function handle(request: HttpRequest): Promise<HttpResponse> {
    const startedMs = clock.monotonicMs();
    const match = matchOf(request);
    const response = await answer(request, match).catch((error: unknown) => failed(request, match, error));
    return finish(request, match, response, startedMs);
  }

  function refuse(request: Omit<HttpRequest, 'body'>, failure: Failure): HttpResponse {
    const match = matchOf(request);
    return finish(request, match, failed(request, match, failure), clock.monotonicMs());
  }

  function matchOf(request: Arriving): Match {
    const path = parsePath(request.path);
    return tree.match(methodOf(request, path, overrides), path);
  }

  async function answer(request: HttpRequest, match: Match): Promise<HttpResponse> {
    if (match.kind === 'nothing') throw new Failure('unknown_path');
    if (match.kind === 'other_methods') throw new Failure('method_not_allowed');
    const { route, surface, params, matrix, segments } = match;
    if (request.body.length > deps.maxBodyBytes) throw new Failure('body_too_large');
    const admitted = await route.admit({ request, params, matrix }, { keys: deps.keys, carrier: surface.carrier });
    if (route.refusedWhileDraining && deps.draining()) throw new Failure('draining');
    if (!route.mutating) return runRoute(request, match, admitted, null);
    const call = { request, callerId: admitted.callerId, segments, matrix };
    return idempotency.answer(call, (id) =>
      deps.operations.run(id, (running) => change(request, match, admitted, running)),
    );
  }

  /** Turns failures into answers inside of idempotency, so that those answers are kept as well. */
  async function runRoute(
    request: HttpRequest,
    match: RouteMatch,
    admitted: Admitted,
    running: Operation | null,
  ): Promise<HttpResponse> {
    try {
      return writeReply(await admitted.run());
    } catch (error) {
      return failed(request, match, running?.mayHaveChanged === true ? halfDone(error) : error);
    }
  }

  async function change(
    request: HttpRequest,
    match: RouteMatch,
    admitted: Admitted,
    running: Operation,
  ): Promise<Outcome> {
    const response = await runRoute(request, match, admitted, running);
    return { response, mayHaveChanged: running.mayHaveChanged };
  }

  function failed(request: Omit<HttpRequest, 'body'>, match: Match, error: unknown): HttpResponse {
    const isNamed = error instanceof Failure && error.code !== 'internal';
    if (!isNamed) log.error('request_failed', error, { request_id: request.id, route: routeLabel(match) });
    const failure = isNamed ? error : new Failure('internal');
    const showsAllow = match.kind === 'other_methods' && failure.code === 'method_not_allowed';
    const extraHeaders = showsAllow ? { Allow: match.allow.join(', ') } : {};
    return writeFailure(match.kind === 'nothing' ? deps.fallback : match.surface, failure, request.id, extraHeaders);
  }

  function finish(
    request: Omit<HttpRequest, 'body'>,
    match: Match,
    response: HttpResponse,
    startedMs: number,
  ): HttpResponse {
    const [route, tookMs] = [routeLabel(match), clock.monotonicMs() - startedMs];
    metrics.answered(route, response.status, tookMs);
    log.debug('request_answered', {
      request_id: request.id,
      route,
      status: response.status,
      took_ms: Math.round(10 * tookMs) / 10,
    });
    // A client that reuses this connection would keep talking to a node that shuts down.
    return finishResponse(deps.draining() ? { ...response, close: true } : response, request.id);
  }

  return { handle, refuse };
}

/** The store failed at one step after another step took effect, so `store_unavailable` ("nothing was changed") is untrue. */
function halfDone(error: unknown): unknown {
  if (!Failure.is(error, 'store_unavailable')) return error;
  const { retryAfterS, details } = error;
  return new Failure('outcome_unknown', { retryAfterS: retryAfterS ?? 1, details, cause: error });
}

/** Returns the pattern and never the path, so that ids stay out of metrics and logs. */
function routeLabel(match: Match): string {
  switch (match.kind) {
    case 'route':
      return `${match.route.method} ${match.route.path}`;
    case 'other_methods':
      return match.pattern;
    case 'nothing':
      return 'unknown';
  }
}
