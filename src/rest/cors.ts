/**
 * What pages of other origins may read: why their handshake failed (a browser tells them nothing but that it did), what
 * the client surface answers them, with their cookies, and the public keys. Every other call carries keys that have no
 * place in a page.
 */
import type { HttpRequest, HttpResponse } from '../ports/http.js';
import { originAllowed, type OriginRule } from '../sockets/origin.js';
import { parsePath } from './path.js';
import type { Router } from './router.js';

/** What a page gets of an answer. */
type Share = Readonly<Record<string, string>>;

/** What is looked at of a request. */
type Head = Pick<HttpRequest, 'path' | 'headers'>;

interface SharedPaths {
  readonly matches: (path: string) => boolean;
  readonly preflight: Share;
  /** null: this page gets nothing. */
  readonly shareWith: (rule: OriginRule, origin: string, host: string | null) => Share | null;
}

/** How long a browser may go by the answer to its preflight, in seconds. */
const PREFLIGHT_S = '600';

const SHARED: readonly SharedPaths[] = [
  {
    matches: (path) => path === 'v1/connect',
    preflight: { 'Access-Control-Allow-Methods': 'GET', 'Access-Control-Allow-Headers': 'Authorization' },
    shareWith: (rule, origin, host) => (originAllowed(rule, origin, host) ? sharedWith(origin) : null),
  },
  {
    matches: (path) => path === 'v1/client' || path.startsWith('v1/client/'),
    preflight: {
      'Access-Control-Allow-Methods': 'GET, POST, DELETE',
      'Access-Control-Allow-Headers': 'Content-Type, Idempotency-Key',
    },
    shareWith: (rule, origin, host) => {
      if (!originAllowed(rule, origin, host)) return null;
      const withCookies = originAllowed(credentialRule(rule), origin, host);
      return { ...sharedWith(origin), ...(withCookies ? { 'Access-Control-Allow-Credentials': 'true' } : {}) };
    },
  },
  {
    matches: (path) => path === '.well-known/jwks.json' || path === 'v1/jwks',
    preflight: { 'Access-Control-Allow-Methods': 'GET' },
    shareWith: () => ({ 'Access-Control-Allow-Origin': '*' }),
  },
];

/** Which pages may use cookies: where every page may connect, those of the server itself, never any page at all. */
export function credentialRule(rule: OriginRule): OriginRule {
  return rule.allowed === 'any' ? { ...rule, allowed: 'own' } : rule;
}

export function withCors(router: Router, rule: OriginRule): Router {
  return {
    refuse(request, failure) {
      const paths = sharedPathsOf(request);
      const share = paths === null ? null : shareOf(paths, request, rule);
      const response = router.refuse(request, failure);
      return { ...response, headers: { ...response.headers, ...share } };
    },
    async handle(request) {
      const paths = sharedPathsOf(request);
      const share = paths === null ? null : shareOf(paths, request, rule);
      if (paths === null || share === null) return router.handle(request);
      const response = request.method === 'OPTIONS' ? preflight(paths, request) : await router.handle(request);
      return { ...response, headers: { ...response.headers, ...share } };
    },
  };
}

/** null for requests of programs, and of paths that pages have nothing to do with. */
function sharedPathsOf({ path, headers }: Head): SharedPaths | null {
  if (!headers.has('origin')) return null;
  const joined = parsePath(path)?.segments.join('/');
  return joined === undefined ? null : (SHARED.find(({ matches }) => matches(joined)) ?? null);
}

function shareOf({ shareWith }: SharedPaths, { headers }: Head, rule: OriginRule): Share | null {
  return shareWith(rule, headers.get('origin') ?? '', headers.get('host') ?? null);
}

function sharedWith(origin: string): Share {
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Expose-Headers': 'Authorization, Retry-After, X-Request-Id',
    Vary: 'Origin',
  };
}

function preflight(paths: SharedPaths, { id }: HttpRequest): HttpResponse {
  return {
    status: 204,
    headers: { ...paths.preflight, 'Access-Control-Max-Age': PREFLIGHT_S, 'X-Request-Id': id },
  };
}
