/** What handlers return, and the one place that turns it into a response. */
import type { Surface } from '../protocol/errors.js';
import type { Failure } from '../protocol/failure.js';
import type { HttpResponse } from '../ports/http.js';
import { errorBody, errorHeaders, errorStatus } from './error-bodies.js';

/** An answer as a value: JSON, JSON that is text already, text of a named type, or nothing. */
export type Reply =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly status: number; readonly json: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly status: number; readonly text: string; readonly contentType: string };

const JSON_HEADERS = { 'Content-Type': 'application/json' } as const;

export function writeReply(reply: Reply): HttpResponse {
  if ('text' in reply) {
    return { status: reply.status, headers: { 'Content-Type': reply.contentType }, body: reply.text };
  }
  if ('json' in reply) {
    return { status: reply.status, headers: Object.assign({}, reply.headers, JSON_HEADERS), body: reply.json };
  }
  const { status, body, headers = {} } = reply;
  if (body === undefined) return { status, headers };
  return { status, headers: Object.assign({}, headers, JSON_HEADERS), body: JSON.stringify(body) };
}

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

/**
 * Adds what every answer carries. Last, so that an answer kept from another request gets this request's id. Nothing is to
 * be stored but what says so itself.
 */
export function finishResponse(response: HttpResponse, requestId: string): HttpResponse {
  return {
    ...response,
    headers: Object.assign({ 'Cache-Control': 'no-store' }, response.headers, { 'X-Request-Id': requestId }),
  };
}
