/**
 * The method that a request stands for. Where a surface allows it, a POST may name another method in `_method`, for callers
 * that can send no other: in the query, or as a member of its form. The query wins.
 */
import type { HttpRequest } from '../ports/http.js';
import { formText } from './body.js';
import type { ParsedPath } from './path.js';

const OVERRIDE = '_method';
/** No route has this method, so a request whose `_method` is unusable gets the answer for a wrong method. */
const NO_METHOD = '';

/** A request whose body may be missing, because the server refuses some requests early. */
export type Arriving = Omit<HttpRequest, 'body'> & Partial<Pick<HttpRequest, 'body'>>;

/** Whether a POST to this path may name another method. `segments` are decoded, without matrix parameters. */
export type MethodOverride = (segments: readonly string[]) => boolean;

/** `path` is the parsed path of the request; null when it is no valid path. */
export function methodOf(request: Arriving, path: ParsedPath | null, overrides: readonly MethodOverride[]): string {
  const { method, query } = request;
  if (method !== 'POST' || path === null || !overrides.some((allows) => allows(path.segments))) return method;
  return named(query) ?? named(formText(request)) ?? method;
}

/** Returns null when the parameters name no method. Two names are unusable. */
function named(parameters: string): string | null {
  // The name may be percent-encoded.
  if (!parameters.includes(OVERRIDE) && !parameters.includes('%')) return null;
  const given = new URLSearchParams(parameters).getAll(OVERRIDE);
  if (given.length === 0) return null;
  return given.length === 1 ? (given[0]?.toUpperCase() ?? NO_METHOD) : NO_METHOD;
}
