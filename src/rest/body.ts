/** Parses the body of a request into an untrusted value, in the forms that its route allows. */
import { Failure } from '../protocol/failure.js';
import type { HttpRequest } from '../ports/http.js';
import { parseJsonBody } from './json-body.js';
import { parseQuery } from './query.js';

/**
 * `json`: JSON, always. `optional_json`: JSON, or no body at all (undefined). `form`: a form
 * (application/x-www-form-urlencoded, all values are texts) or JSON, or no body (the empty object).
 */
export type BodyForm = 'json' | 'optional_json' | 'form';

/** `fetch` sends text/plain for a text without a type. */
const FORM_TYPES: ReadonlySet<string> = new Set(['application/x-www-form-urlencoded', 'text/plain', '']);
/** Space, tab, line feed, carriage return. */
const JSON_BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** Rejects with `malformed_json`, or `invalid_request` for a form that names a member twice. */
export function parseBody(request: HttpRequest, form: BodyForm): unknown {
  switch (form) {
    case 'json':
      return parseJsonBody(request.body);
    case 'optional_json':
      return request.body.length === 0 ? undefined : parseJsonBody(request.body);
    case 'form':
      if (request.body.length === 0) return {};
      return isForm(request) ? parseForm(request.body) : parseJsonBody(request.body);
  }
}

/** A form as it was sent; empty for a body of another form, and for none. Never throws. */
export function formText({ headers, body }: Pick<HttpRequest, 'headers'> & Partial<Pick<HttpRequest, 'body'>>): string {
  return body !== undefined && body.length > 0 && isForm({ headers, body }) ? new TextDecoder().decode(body) : '';
}

/**
 * Simple clients send JSON with the type of a form, and both with text/plain or without a type. A body that begins like an
 * object is JSON whatever its type, because no member of a form begins like that.
 */
function isForm({ headers, body }: Pick<HttpRequest, 'headers' | 'body'>): boolean {
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  return FORM_TYPES.has(type ?? '') && !beginsAsJson(body);
}

function beginsAsJson(body: Uint8Array): boolean {
  const first = body.find((byte) => !JSON_BLANKS.has(byte));
  return first === 0x7b || first === 0x22;
}

function parseForm(bytes: Uint8Array): Readonly<Record<string, string>> {
  try {
    return parseQuery(new TextDecoder('utf-8', { fatal: true }).decode(bytes), 'body');
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure('invalid_request', { message: 'The body is not valid UTF-8.', cause });
  }
}
