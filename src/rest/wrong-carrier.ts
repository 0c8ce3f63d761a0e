/**
 * The message for a call whose credential came in another carrier than the one of its path. It names carriers and never
 * a value, and does not depend on whether a credential counts.
 */
import { shownAuthorization } from '../lib/authorization-scheme.js';
import type { HttpRequest } from '../ports/http.js';

const PARAMETERS = ['apiKey', 'api_key', 'access_token'] as const;

/**
 * `form`: how the path takes its credential, such as `"Authorization: token <key>"`. null when the request carries
 * nothing in another place: then the catalogue's own sentence says enough.
 */
export function wrongCarrier(what: string, form: string, request: HttpRequest): string | null {
  const [own = ''] = form.replaceAll('"', '').split(' <');
  const others = shownCarriers(request).filter((shown) => shown.toLowerCase() !== own.toLowerCase());
  if (others.length === 0) return null;
  return `This call takes ${what} as ${form}. The request has ${others.join(' and ')}.`;
}

function shownCarriers({ headers, query, path }: HttpRequest): readonly string[] {
  const authorization = headers.get('authorization');
  const parameters = new URLSearchParams(query);
  return [
    ...(authorization === undefined ? [] : [shownAuthorization(authorization)]),
    ...(headers.has('x-api-key') ? ['X-API-KEY:'] : []),
    ...PARAMETERS.filter((name) => parameters.has(name)).map((name) => `?${name}=`),
    ...(/;lsid=/i.test(path) ? [';lsid='] : []),
  ];
}
