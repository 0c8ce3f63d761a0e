/**
 * Which method a request stands for. A POST to a client's own paths may name another in `_method`, as Clerk's clients do that
 * can send no other: in the query, or as a member of its form. The query wins.
 */
import type { HttpRequest } from '../ports/http.js';
import { formText } from './body.js';
import type { ParsedPath } from './path.js';

const OVERRIDE = '_method';
/** No route takes it: what names no method in a usable way is answered like any other method that the path does not take. */
const NO_METHOD = '';

/** A request as it is known: one that is refused early has no body. */
export type Arriving = Omit<HttpRequest, 'body'> & Partial<Pick<HttpRequest, 'body'>>;

/** `path` is the request's, read; null when it is none. */
export function methodOf(request: Arriving, path: ParsedPath | null): string {
  const { method, query } = request;
  if (method !== 'POST' || !isClientPath(path)) return method;
  return named(query) ?? named(formText(request)) ?? method;
}

/** null when the parameters name none; two are none that could be used. */
function named(parameters: string): string | null {
  // Percent-encoded it is the same name.
  if (!parameters.includes(OVERRIDE) && !parameters.includes('%')) return null;
  const given = new URLSearchParams(parameters).getAll(OVERRIDE);
  if (given.length === 0) return null;
  return given.length === 1 ? (given[0]?.toUpperCase() ?? NO_METHOD) : NO_METHOD;
}

function isClientPath(path: ParsedPath | null): boolean {
  const [version, surface] = path?.segments ?? [];
  return version === 'v1' && surface === 'client';
}
