/** Turns a failure into a response: its status, headers and body on the surface that it leaves through. */
import type { HttpResponse } from '../ports/http.js';
import { ERRORS, type ErrorSpec } from '../protocol/errors.js';
import type { Failure } from '../protocol/failure.js';
import { JSON_HEADERS } from './reply.js';
import type { Surface } from './surface.js';

/** The seconds after which a caller may try again, for a failure that does not say so itself. */
const DEFAULT_RETRY_AFTER_S = 1;

export function writeFailure(
  surface: Surface,
  failure: Failure,
  requestId: string,
  extraHeaders: Readonly<Record<string, string>> = {},
): HttpResponse {
  return {
    status: errorStatus(surface, failure.code),
    headers: { ...errorHeaders(surface, failure), ...extraHeaders, ...JSON_HEADERS },
    body: JSON.stringify(errorBody(surface, failure, requestId)),
  };
}

export function errorStatus({ name }: Surface, code: Failure['code']): number {
  const spec: ErrorSpec = ERRORS[code];
  return spec.statusOn?.[name] ?? spec.status;
}

export function errorBody(surface: Surface, failure: Failure, requestId: string): unknown {
  const body = surface.errorBody.write(failure, requestId);
  return failure.code === 'outcome_unknown' ? { ...body, outcome: 'unknown' } : body;
}

export function errorHeaders(surface: Surface, failure: Failure): Readonly<Record<string, string>> {
  const status = errorStatus(surface, failure.code);
  const headers: Record<string, string> = {};
  if (status === 401 && surface.challenge !== null) headers['WWW-Authenticate'] = surface.challenge;
  if (status === 426) headers['Upgrade'] = 'websocket';
  const mustSayWhen = status === 429 || status === 503 || failure.code === 'idempotency_in_progress';
  if (failure.retryAfterS !== null || mustSayWhen) {
    headers['Retry-After'] = String(Math.max(1, Math.ceil(failure.retryAfterS ?? DEFAULT_RETRY_AFTER_S)));
  }
  return headers;
}
