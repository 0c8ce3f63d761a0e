/**
 * Lets a page that may connect read, from another origin, why its handshake failed: a browser tells it nothing but
 * that it did. Only `/v1/connect` is for pages; every other call carries keys that have no place in one.
 */
import type { HttpRequest, HttpResponse } from '../ports/http.js';
import { originAllowed, type OriginRule } from '../door/origin.js';
import { parsePath } from './path.js';
import type { Router } from './router.js';

const CONNECT = 'v1/connect';
/** How long a browser may go by the answer to its preflight, in seconds. */
const PREFLIGHT_S = '600';

export function withCors(router: Router, rule: OriginRule): Router {
  return {
    refuse: router.refuse,
    async handle(request) {
      const origin = pageOf(request, rule);
      if (origin === null) return router.handle(request);
      if (request.method === 'OPTIONS') return shared(preflight(request), origin);
      return shared(await router.handle(request), origin);
    },
  };
}

/** The origin of a page that asks about connecting and may; null for every other request. */
function pageOf({ path, headers }: HttpRequest, rule: OriginRule): string | null {
  const origin = headers.get('origin');
  if (origin === undefined || parsePath(path)?.segments.join('/') !== CONNECT) return null;
  return originAllowed(rule, origin, headers.get('host') ?? null) ? origin : null;
}

function preflight({ id }: HttpRequest): HttpResponse {
  return {
    status: 204,
    headers: {
      'Access-Control-Allow-Methods': 'GET',
      'Access-Control-Allow-Headers': 'Authorization',
      'Access-Control-Max-Age': PREFLIGHT_S,
      'X-Request-Id': id,
    },
  };
}

function shared(response: HttpResponse, origin: string): HttpResponse {
  return {
    ...response,
    headers: {
      ...response.headers,
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Expose-Headers': 'Retry-After, X-Request-Id',
      Vary: 'Origin',
    },
  };
}
