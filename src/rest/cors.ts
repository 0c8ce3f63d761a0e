/**
 * Lets pages of other origins read what the surfaces share with them, and answers their preflight requests. All other
 * calls carry keys that have no place in a page, so no page can read their answers.
 */
import type { OriginRule } from '../sockets/origin.js';
import type { HttpRequest, HttpResponse } from '../ports/http.js';
import { parsePath } from './path.js';
import type { Router } from './router.js';
import type { Share, SharedPaths } from './shared-paths.js';

type Head = Pick<HttpRequest, 'path' | 'headers'>;

/** How long a browser may reuse the answer to its preflight, in seconds. */
const PREFLIGHT_S = '600';

/** When several of `shared` match a path, the first one counts. */
export function withCors(router: Router, rule: OriginRule, shared: readonly SharedPaths[]): Router {
  /** Null for a request of a program, and for a path that no surface shares. */
  function sharedPathsOf({ path, headers }: Head): SharedPaths | null {
    if (!headers.has('origin')) return null;
    const joined = parsePath(path)?.segments.join('/');
    return joined === undefined ? null : (shared.find((paths) => paths.matches(joined)) ?? null);
  }

  function shareOf(paths: SharedPaths, { headers }: Head): Share | null {
    return paths.shareWith(rule, headers.get('origin') ?? '', headers.get('host') ?? null);
  }

  return {
    refuse(request, failure) {
      const paths = sharedPathsOf(request);
      const share = paths === null ? null : shareOf(paths, request);
      const response = router.refuse(request, failure);
      return { ...response, headers: { ...response.headers, ...share } };
    },
    async handle(request) {
      const paths = sharedPathsOf(request);
      const share = paths === null ? null : shareOf(paths, request);
      if (paths === null || share === null) return router.handle(request);
      const response = request.method === 'OPTIONS' ? preflight(paths, request) : await router.handle(request);
      return { ...response, headers: { ...response.headers, ...share } };
    },
  };
}

function preflight(paths: SharedPaths, { id }: HttpRequest): HttpResponse {
  return {
    status: 204,
    headers: { ...paths.preflight, 'Access-Control-Max-Age': PREFLIGHT_S, 'X-Request-Id': id },
  };
}
