/** The values that handlers return, and how they become responses. */
import { writeExactJson } from '../lib/exact-json.js';
import type { HttpResponse, TextStream } from '../ports/http.js';

/** An answer as a value: JSON, JSON that is text already, text of a named type at once or piece by piece, or nothing. */
export type Reply =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly status: number; readonly json: string; readonly headers?: Readonly<Record<string, string>> }
  | {
      readonly status: number;
      readonly text: string;
      readonly contentType: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | {
      readonly status: number;
      readonly stream: TextStream;
      readonly contentType: string;
      readonly headers?: Readonly<Record<string, string>>;
    };

export const JSON_HEADERS = { 'Content-Type': 'application/json' } as const;

export function writeReply(reply: Reply): HttpResponse {
  if ('text' in reply) {
    const headers = Object.assign({}, reply.headers, { 'Content-Type': reply.contentType });
    return { status: reply.status, headers, body: reply.text };
  }
  if ('stream' in reply) {
    const headers = Object.assign({}, reply.headers, { 'Content-Type': reply.contentType });
    return { status: reply.status, headers, stream: reply.stream };
  }
  if ('json' in reply) {
    return { status: reply.status, headers: Object.assign({}, reply.headers, JSON_HEADERS), body: reply.json };
  }
  const { status, body, headers = {} } = reply;
  if (body === undefined) return { status, headers };
  return { status, headers: Object.assign({}, headers, JSON_HEADERS), body: writeExactJson(body) };
}

/**
 * Adds the headers of every answer. It runs last, so that an answer kept from another request gets the id of this request.
 * No cache may store an answer unless the answer itself allows it.
 */
export function finishResponse(response: HttpResponse, requestId: string): HttpResponse {
  return {
    ...response,
    headers: Object.assign({ 'Cache-Control': 'no-store' }, response.headers, { 'X-Request-Id': requestId }),
  };
}
